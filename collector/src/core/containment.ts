import type { Check } from '@keyturn/shared/model/verdict.ts';
import { findingsOf } from './evaluate.ts';
import type { Group } from './fleet.ts';
import {
  addUnheard,
  missingInstances,
  Offenders,
  replacedSilent,
  requiredGroups,
  waysOf,
} from './gates/dependents.ts';
import type { Words } from './gates/attested.ts';
import { vouchersOf, wordsInForce } from './gates/attested.ts';
import { judgedAt } from './gates/health.ts';
import { dropOf, undecidedCount } from './gates/purge.ts';
import { statusOf } from './gates/verdict.ts';
import type { IssuerPolicy } from './policy.ts';
import type { RotationRecord } from './records.ts';
import { rotationFacts } from './rotation.ts';
import type { Now, State } from './state.ts';

/** Why some of a service may still accept the old key. */
export type NotContained =
  | 'not_withdrawn'
  | 'holds_old'
  | 'waiting'
  | 'unbounded'
  | 'unheard'
  | 'unvouched';

export interface Pending {
  readonly state: NotContained;
  readonly count: number;
  /** For `waiting`, Unix ms. */
  readonly untilMs: number | null;
}

export interface ServiceContainment {
  readonly service: string;
  readonly profile: string;
  readonly total: number;
  readonly contained: number;
  readonly pending: readonly Pending[];
  readonly dropNow: string;
}

/** How far the old key is out of use, by the rules of gate `purge` and no others. */
export interface Containment {
  readonly asOfMs: number;
  readonly withdrawnAtMs: number | null;
  /** 100 exactly when the evidence of gate `purge` says so. */
  readonly percent: number;
  readonly status: 'contained' | 'not_contained' | 'unknown';
  readonly total: number;
  readonly contained: number;
  readonly services: readonly ServiceContainment[];
  /** Checks of gate `purge` that do not pass. */
  readonly reasons: readonly Check[];
}

/** How many required dependents reject the old key, and what the others wait for. */
export function containmentOf(state: State, rotation: RotationRecord, now: Now): Containment {
  const reasons = findingsOf(state, rotation, 'purge', now).checks.filter(
    ({ status }) => status !== 'pass',
  );
  // Whether the collector is well is not how far the key is contained; it makes that unknown.
  const evidence = statusOf(reasons.filter((check) => check.class !== 'health'));
  const overall = rotation.outcome === 'completed' ? 'open' : statusOf(reasons);
  const policy = state.policy.issuers.get(rotation.issuer);
  const services =
    policy === undefined || rotation.endedAtMs !== null
      ? []
      : servicesOf(state, rotation, policy, now);
  const total = services.reduce((sum, service) => sum + service.total, 0);
  const contained = services.reduce((sum, service) => sum + service.contained, 0);
  const isContained =
    rotation.outcome === 'completed' || (evidence === 'open' && overall === 'open');
  const share = total === 0 ? 0 : Math.floor((contained / total) * 100);
  return {
    asOfMs: now.atMs,
    withdrawnAtMs: rotationFacts(state, rotation).withdrawnAtMs,
    percent: isContained ? 100 : Math.min(99, share),
    status: isContained ? 'contained' : overall === 'closed' ? 'not_contained' : 'unknown',
    total,
    contained,
    services,
    reasons,
  };
}

function servicesOf(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): readonly ServiceContainment[] {
  const judged = judgedAt(state.issuers.get(rotation.issuer), policy, now);
  const words = wordsInForce(state, rotation, 'rejects_old', judged);
  return requiredGroups(state, rotation).map((group) => {
    const members = group.members.size - replacedSilent(group, rotation);
    const total = Math.max(1, members + missingInstances(group));
    const pending = pendingOf(state, rotation, group, total, policy, words, judged);
    const open = pending.reduce((sum, { count }) => sum + count, 0);
    return {
      service: group.service.name,
      profile: group.service.profile.id,
      total,
      contained: Math.max(0, total - open),
      pending,
      dropNow: group.service.profile.dropNow,
    };
  });
}

function pendingOf(
  state: State,
  rotation: RotationRecord,
  group: Group,
  total: number,
  policy: IssuerPolicy,
  words: Words,
  now: Now,
): readonly Pending[] {
  const one = (kind: NotContained, count: number, untilMs: number | null = null): Pending[] =>
    count > 0 ? [{ state: kind, count, untilMs }] : [];
  if (rotationFacts(state, rotation).withdrawnAtMs === null) return one('not_withdrawn', total);
  const way = waysOf(group, rotation);
  const holding = one('holds_old', group.tallies.get(rotation.id)?.byOld.get('held')?.size ?? 0);
  if (way === 'attested') {
    return vouchersOf(words, group) === null ? one('unvouched', total) : holding;
  }
  const unheard = new Offenders();
  if (way === 'evidence') addUnheard(group, rotation, unheard);
  const drop = dropOf(state, group, rotation, policy, words, now);
  const silent = group.silent.size - replacedSilent(group, rotation) + group.joined.size;
  const undecided = Math.max(
    way === 'evidence' ? 0 : 1,
    undecidedCount(group, rotation) - (way === 'evidence' ? silent : 0),
  );
  const waiting =
    drop.kind === 'waiting'
      ? one('waiting', undecided, drop.untilMs)
      : drop.kind === 'unbounded'
        ? one('unbounded', undecided)
        : [];
  return [...holding, ...waiting, ...one('unheard', unheard.count)];
}
