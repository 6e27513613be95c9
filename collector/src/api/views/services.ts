import { reckonedPolicy } from '../../core/cache-life.ts';
import type { Group } from '../../core/fleet.ts';
import { groupsOfIssuer } from '../../core/fleet.ts';
import { waysOf } from '../../core/gates/dependents.ts';
import { waitingFor } from '../../core/gates/waiting.ts';
import type { Population } from '../../core/kinds.ts';
import { coveringCohort, uncoveredPercent } from '../../core/kinds.ts';
import type { RotationRecord } from '../../core/records.ts';
import { openRotations } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import type { DependentView, ServiceView } from '../schemas/service.ts';

/** Every service, declared or heard of, by name. */
export function serviceViews(state: State, nowMs: number): ServiceView[] {
  const services = new Map<string, ServiceView>();
  const rotations = openRotations(state);
  for (const [issuer, groups] of state.fleet.groups) {
    const open = rotations.filter((rotation) => rotation.issuer === issuer);
    for (const group of groups.values()) {
      let service = services.get(group.service.name);
      if (service === undefined) {
        service = serviceView(group);
        services.set(service.name, service);
      }
      service.issuers.push(groupView(state, group, open, nowMs));
    }
  }
  return [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The services a rotation depends on: first what it waits for, then by name. */
export function dependentViews(
  state: State,
  rotation: RotationRecord,
  nowMs: number,
): DependentView[] {
  if (rotation.endedAtMs !== null) return [];
  const dependents = [...groupsOfIssuer(state.fleet, rotation.issuer)].map((group) =>
    dependentView(state, group, rotation, nowMs),
  );
  const waits = ({ required, waits_for: what }: DependentView) => required && what.length > 0;
  return dependents.sort(
    (a, b) => Number(waits(b)) - Number(waits(a)) || (a.service < b.service ? -1 : 1),
  );
}

/** The services of a rotation known otherwise than by their own reports, at most `max`. */
export function blindViews(
  state: State,
  rotation: RotationRecord,
  nowMs: number,
  max: number,
): DependentView[] {
  const blind: DependentView[] = [];
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    if (waysOf(group, rotation) === 'evidence') continue;
    blind.push(dependentView(state, group, rotation, nowMs));
    if (blind.length >= max) break;
  }
  return blind;
}

function dependentView(
  state: State,
  group: Group,
  rotation: RotationRecord,
  nowMs: number,
): DependentView {
  const { name, kind, required, population } = group.service;
  return {
    service: name,
    kind,
    judged_by: waysOf(group, rotation),
    required,
    uncovered_percent: population === null ? null : uncoveredOf(population),
    waits_for: waits(state, group, rotation, nowMs),
  };
}

/** A service without its verifiers. */
export function serviceView(group: Group): ServiceView {
  const { name, declared, kind, required, evidence, profile } = group.service;
  const { population, shippingIntervalMs, keys } = group.service;
  return {
    name,
    declared,
    kind,
    judged_by: waysOf(group, { keyKind: keys === 'secret' ? 'secret' : 'public' }),
    required,
    evidence,
    profile: profile.id,
    population: population === null ? null : populationView(population),
    shipping_interval_s: shippingIntervalMs === null ? null : shippingIntervalMs / 1_000,
    issuers: [],
  };
}

function populationView(population: Population): NonNullable<ServiceView['population']> {
  const covering = coveringCohort(population);
  return {
    cohorts: population.cohorts.map(({ percentile, withinMs }) => ({
      percentile,
      within_s: withinMs / 1_000,
    })),
    cover_percentile: population.coverPercentile,
    covered_percentile: covering?.percentile ?? null,
    covered_within_s: covering === null ? null : covering.withinMs / 1_000,
    uncovered_percent: uncoveredOf(population),
  };
}

function uncoveredOf(population: Population): number {
  const covering = coveringCohort(population);
  return covering === null ? 100 : uncoveredPercent(covering);
}

/** The verifiers of a service for one issuer, with what they are waited for. */
export function groupView(
  state: State,
  group: Group,
  open: readonly RotationRecord[],
  nowMs: number,
): ServiceView['issuers'][number] {
  return {
    issuer: group.issuer,
    instances_expected: group.service.instances,
    instances_at_most: group.service.instancesMax,
    instances_live: group.liveCaches.size,
    verifiers: group.members.size,
    reporting: group.members.size - group.silent.size - group.joined.size,
    silent: group.silent.size,
    joined: group.joined.size,
    uncounted: group.uncounted.size,
    waits_for: open.map((rotation) => ({
      rotation_id: rotation.id,
      what: waits(state, group, rotation, nowMs),
    })),
  };
}

function waits(state: State, group: Group, rotation: RotationRecord, nowMs: number): string[] {
  const declared = state.policy.issuers.get(group.issuer);
  if (declared === undefined) return ['an issuer in the collector settings'];
  const policy = reckonedPolicy(state, declared, nowMs);
  const now = { atMs: nowMs, earliestMs: nowMs };
  return [...waitingFor(state, group, rotation, policy, now)];
}
