import { coveringCohort } from '../core/kinds.ts';
import type { IssuerPolicy, Policy, ServicePolicy } from '../core/policy.ts';
import { populationMs, propagationMs } from '../core/timing.ts';
import type { ResolvedIssuer } from './issuers.ts';
import type { ProblemList } from './problem-list.ts';

/** What the lead and the overlap are reckoned with, beside the issuer's own settings. */
export type OverlapPolicy = Pick<
  Policy,
  'services' | 'publishSafetyMs' | 'retireSafetyMs' | 'stableForMs'
>;

/**
 * Refuses plans that cannot be kept: a rotation period shorter than the overlap one rotation takes,
 * so that the next would begin before it ends (BIND refuses a key lifetime the same way), and a lead
 * that a service judged by time alone outlasts.
 *
 * overlap = P + Spub (or the planned lead, where longer) + signer switch spread + Tmax + σ + Sret
 */
export function checkPlans(
  issuers: readonly ResolvedIssuer[],
  policy: OverlapPolicy,
  problems: ProblemList,
): void {
  for (const { policy: issuer, rotationPeriodMs, index } of issuers) {
    checkLead(issuer, policy, index, problems);
    if (rotationPeriodMs !== null) checkPeriod(issuer, rotationPeriodMs, policy, index, problems);
  }
}

function checkPeriod(
  issuer: IssuerPolicy,
  periodMs: number,
  policy: OverlapPolicy,
  index: number,
  problems: ProblemList,
): void {
  const at = ['issuers', index, 'rotation_period'];
  if (issuer.maxTokenLifetimeMs === null) {
    problems.add(at, 'expected max_token_lifetime beside it: old tokens are part of the overlap');
    return;
  }
  const terms = [
    ...leadTerms(issuer, policy),
    term(issuer.switchSpreadMs, 'switch_spread'),
    term(issuer.maxTokenLifetimeMs, 'max_token_lifetime'),
    term(issuer.skewMs, 'clock_skew'),
    term(policy.retireSafetyMs, 'retire_safety'),
  ];
  const requiredMs = terms.reduce((sum, { ms }) => sum + ms, 0);
  if (periodMs >= requiredMs) return;
  const sum = terms.map(({ ms, name }) => `${exact(ms)} ${name}`).join(' + ');
  problems.add(
    at,
    `expected at least ${exact(requiredMs)}, got ${exact(periodMs)}: the next rotation would begin before one can end (${sum})`,
  );
}

function checkLead(
  issuer: IssuerPolicy,
  policy: OverlapPolicy,
  index: number,
  problems: ProblemList,
): void {
  const { plannedLeadMs } = issuer;
  if (plannedLeadMs === null) return;
  const at = ['issuers', index, 'planned_lead'];
  if (plannedLeadMs < policy.stableForMs) {
    problems.add(
      at,
      `expected at least policy.stable_for (${exact(policy.stableForMs)}), got ${exact(plannedLeadMs)}`,
    );
  }
  const timed = slowestOf(issuer, policy, (service) => service.evidence === 'timed');
  const neededMs = timed === null ? 0 : timed.ms + policy.publishSafetyMs;
  if (timed === null || plannedLeadMs >= neededMs) return;
  problems.add(
    at,
    `expected at least ${exact(neededMs)}, got ${exact(plannedLeadMs)}: ${timed.name} is judged by time, and activate stays shut for its ${exact(timed.ms)} + ${exact(policy.publishSafetyMs)} publish_safety`,
  );
}

interface Term {
  readonly ms: number;
  readonly name: string;
}

function leadTerms(issuer: IssuerPolicy, policy: OverlapPolicy): readonly Term[] {
  const slowest = slowestOf(issuer, policy, () => true);
  const propagation =
    slowest === null
      ? term(0, 'no service has a bound')
      : term(slowest.ms, `until ${slowest.name} knows a new key`);
  const neededMs = propagation.ms + policy.publishSafetyMs;
  if (issuer.plannedLeadMs !== null && issuer.plannedLeadMs > neededMs) {
    return [term(issuer.plannedLeadMs, 'planned_lead')];
  }
  return [propagation, term(policy.publishSafetyMs, 'publish_safety')];
}

/** P, of the services with a bound; what has none is decided by evidence, however long that takes. */
function slowestOf(
  issuer: IssuerPolicy,
  { services }: OverlapPolicy,
  counts: (service: ServicePolicy) => boolean,
): Term | null {
  let slowest: Term | null = null;
  for (const service of services.values()) {
    if (!service.required || !service.issuers.includes(issuer.issuer) || !counts(service)) continue;
    const ms = boundMs(issuer, service);
    if (ms !== null && (slowest === null || ms > slowest.ms)) slowest = term(ms, service.name);
  }
  return slowest;
}

function boundMs(issuer: IssuerPolicy, service: ServicePolicy): number | null {
  if (service.keys === 'secret') return null;
  if (service.population === null) return propagationMs(issuer, service.profile);
  const cohort = coveringCohort(service.population);
  return cohort === null ? null : populationMs(issuer, cohort);
}

function term(ms: number, name: string): Term {
  return { ms, name };
}

/** A duration as settings take it, to the millisecond. */
function exact(ms: number): string {
  let restMs = ms;
  let text = '';
  for (const [unit, sizeMs] of UNITS) {
    const count = Math.floor(restMs / sizeMs);
    restMs -= count * sizeMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];
