import type { Check } from '@keyturn/shared/model/verdict.ts';
import { reckonedPolicy } from './cache-life.ts';
import { dropNowOf } from './drop-now.ts';
import { findingsOf } from './evaluate.ts';
import type { NotContained } from './containment-shares.ts';
import { classShares } from './containment-shares.ts';
import type { Group } from './fleet.ts';
import { requiredGroups } from './gates/dependents.ts';
import type { Words } from './gates/attested.ts';
import { wordsInForce } from './gates/attested.ts';
import { judgedAt } from './gates/health.ts';
import { rotationEnded, statusOf } from './gates/verdict.ts';
import type { IssuerPolicy } from './policy.ts';
import type { RotationRecord } from './records.ts';
import { rotationFacts } from './rotation.ts';
import type { Now, State } from './state.ts';

export interface Pending {
  readonly state: NotContained;
  readonly count: number;
  /** For `waiting`, Unix ms. */
  readonly untilMs: number | null;
}

/** `contained` and the counts of what is pending add up to `total`. */
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
  /** 100 exactly when every check of gate `purge` about it passes by itself, without waivers. */
  readonly percent: number;
  readonly status: 'contained' | 'not_contained' | 'unknown';
  readonly total: number;
  readonly contained: number;
  readonly services: readonly ServiceContainment[];
  /** Checks of gate `purge` that do not pass. */
  readonly reasons: readonly Check[];
}

/**
 * What `purge` asks of people and of alerts, not of verifiers: a stolen key that everybody rejects is
 * contained, whatever the signer does and whoever refuses tokens of the new one. The rotation is
 * complete only when these pass as well.
 */
export const NOT_ABOUT_REJECTING: ReadonlySet<string> = new Set([
  'no_alert',
  'signer_switched',
  'retire_declared',
]);

/** How many required dependents reject the old key, and what the others wait for. */
export function containmentOf(state: State, rotation: RotationRecord, now: Now): Containment {
  if (rotation.endedAtMs !== null) return endedContainment(state, rotation, now);
  const reasons = findingsOf(state, rotation, 'purge', now).checks.filter(
    ({ status }) => status !== 'pass',
  );
  const about = reasons.filter(({ id }) => !NOT_ABOUT_REJECTING.has(id));
  const services = servicesOf(state, rotation, now);
  const total = services.reduce((sum, service) => sum + service.total, 0);
  const contained = services.reduce((sum, service) => sum + service.contained, 0);
  const share = total === 0 ? 0 : Math.floor((contained / total) * 100);
  return {
    asOfMs: now.atMs,
    withdrawnAtMs: rotationFacts(state, rotation).withdrawnAtMs,
    percent: about.length === 0 ? 100 : Math.min(99, share),
    status: containmentStatus(about),
    total,
    contained,
    services,
    reasons,
  };
}

/** Whether the collector and the issuer are well is not how far the key is contained: it hides that. */
function containmentStatus(about: readonly Check[]): Containment['status'] {
  if (about.length === 0) return 'contained';
  const evidence = statusOf(about.filter((check) => check.class !== 'health'));
  return evidence === 'closed' ? 'not_contained' : 'unknown';
}

/**
 * Once a rotation has ended nobody asks its verifiers any more. It was contained if it was completed
 * with gate `purge` open by itself; of any other end nothing is known.
 */
function endedContainment(state: State, rotation: RotationRecord, now: Now): Containment {
  const isContained = rotation.outcome === 'completed' && !wasForced(state, rotation);
  return {
    asOfMs: now.atMs,
    withdrawnAtMs: rotationFacts(state, rotation).withdrawnAtMs,
    percent: isContained ? 100 : 0,
    status: isContained ? 'contained' : 'unknown',
    total: 0,
    contained: 0,
    services: [],
    reasons: isContained ? [] : [rotationEnded(rotation)],
  };
}

/** By an override, or with a waiver of `purge` in force when it was completed. */
function wasForced(state: State, { id, declared, endedAtMs }: RotationRecord): boolean {
  if ((declared.complete?.overrideReason ?? null) !== null) return true;
  const atMs = endedAtMs ?? 0;
  return [...state.waivers.values()].some(
    (waiver) =>
      waiver.rotationId === id &&
      waiver.gate === 'purge' &&
      !NOT_ABOUT_REJECTING.has(waiver.checkId) &&
      waiver.atMs <= atMs &&
      waiver.expiresAtMs > atMs,
  );
}

function servicesOf(
  state: State,
  rotation: RotationRecord,
  now: Now,
): readonly ServiceContainment[] {
  const policy = state.policy.issuers.get(rotation.issuer);
  if (policy === undefined) return [];
  const judged = judgedAt(state.issuers.get(rotation.issuer), policy, now);
  const reckoned = reckonedPolicy(state, policy, judged.earliestMs);
  const words = wordsInForce(state, rotation, 'rejects_old', judged);
  return requiredGroups(state, rotation).map((group) =>
    serviceOf(state, rotation, group, reckoned, words, judged),
  );
}

function serviceOf(
  state: State,
  rotation: RotationRecord,
  group: Group,
  policy: IssuerPolicy,
  words: Words,
  now: Now,
): ServiceContainment {
  const { counts, untilMs } = classShares(state, rotation, group, policy, words, now);
  const pending: Pending[] = [];
  let total = 0;
  for (const [found, count] of counts) {
    total += count;
    if (found === 'rejects') continue;
    pending.push({ state: found, count, untilMs: found === 'waiting' ? untilMs : null });
  }
  const { name, profile } = group.service;
  return {
    service: name,
    profile: profile.id,
    total,
    contained: counts.get('rejects') ?? 0,
    pending,
    dropNow: dropNowOf(group, rotation),
  };
}
