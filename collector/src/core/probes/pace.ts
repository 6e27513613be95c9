import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Verifier } from '../fleet.ts';
import { servicePolicyOf } from '../fleet.ts';
import { jwksHealthy } from '../gates/health.ts';
import { servedEverywhere } from '../issuers.ts';
import type { CanaryPolicy, IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import { newKeyRecord, oldKeyRecord } from '../rotation.ts';
import type { IssuerState, Now, State } from '../state.ts';

/** Longest cooldown in the catalogue (SmallRye), for kinds that have one nobody knows. */
const UNKNOWN_COOLDOWN_S = 1_800;

/** An order is not begun later than this after it was given. */
export const PROBE_EXPIRES_MS = 30_000;

/** A probe is over, or lost, this long after its order expired: three tokens at 10 s, and the way. */
export const PROBE_RUNS_MS = 40_000;

/** Whether probes may go out for a rotation now; the sentence says why not. */
export type ProbeWindow =
  | { readonly open: true; readonly canary: CanaryPolicy }
  | { readonly open: false; readonly reason: string };

/**
 * Never before the new key is published at every vantage, as a kid that is not found may be
 * remembered as missing; never while the JWKS is unhealthy, as a fetch that fails may start a
 * cooldown or empty a cache; never when the old key's token would be refused for good reason.
 */
export function probeWindow(state: State, rotation: RotationRecord, now: Now): ProbeWindow {
  const policy = state.policy.issuers.get(rotation.issuer);
  const issuer = state.issuers.get(rotation.issuer);
  if (policy === undefined || issuer === undefined) return shut('the issuer is not configured');
  if (policy.canary === null) return shut('issuers[].canary is not set for this issuer');
  if (rotation.endedAtMs !== null) return shut('the rotation has ended');
  if (now.atMs < state.health.holdDownUntilMs) return shut('the collector started a moment ago');
  if (state.health.storeFailingSinceMs !== null) return shut('the store refuses writes');
  const unready =
    keysProblem(state, rotation, issuer) ?? endpointProblem(state, issuer, policy, now);
  return unready === undefined ? { open: true, canary: policy.canary } : shut(unready);
}

/** Two probes of one verifier are at least this far apart, whatever became of the first. */
export function probeApartMs(canary: CanaryPolicy, profile: ProfileFacts): number {
  const hidden = profile.refetchesOnUnknownKid || profile.id === '';
  const cooldownS = profile.cooldownS ?? (hidden ? UNKNOWN_COOLDOWN_S : 0);
  return Math.max(canary.apartMs, cooldownS * 1_000);
}

/**
 * As evidence a probe counts for the longest life of a canary, and at least until the next one has
 * had its time: tooling that hands canaries over in time keeps it fresh, and what a cache did longer
 * ago may have been undone by a restart or an edge nobody watches.
 */
export function probeValidMs(state: State, canary: CanaryPolicy, verifier: Verifier): number {
  const { profile } = servicePolicyOf(state.policy, verifier.record);
  return Math.max(canary.maxLifetimeMs, 2 * probeApartMs(canary, profile));
}

/** True when this verifier may be probed now, as far as its own pace and fetches go. */
export function isProbeDue(
  state: State,
  verifier: Verifier,
  rotation: RotationRecord,
  canary: CanaryPolicy,
  now: Now,
): boolean {
  if (verifier.liveness !== 'reporting' || verifier.contestedUntilMs > now.atMs) return false;
  if (!verifier.groups.some((group) => group.issuer === rotation.issuer)) return false;
  if (verifier.probe !== null && now.atMs < probeLostAtMs(verifier.probe.sentAtMs)) return false;
  const set = verifier.record.keySets.find((held) => held.issuer === rotation.issuer);
  // Its own fetches fail: an unknown kid would make it fetch once more, and may wipe what it has.
  if ((set?.consecutiveFailures ?? 0) > 0) return false;
  const { profile } = servicePolicyOf(state.policy, verifier.record);
  const lastAtMs = verifier.probedAtMs ?? Number.NEGATIVE_INFINITY;
  return now.atMs - lastAtMs >= probeApartMs(canary, profile);
}

/** When a probe that was not heard of is given up. */
export function probeLostAtMs(sentAtMs: number): number {
  return sentAtMs + PROBE_EXPIRES_MS + PROBE_RUNS_MS;
}

function keysProblem(
  state: State,
  rotation: RotationRecord,
  issuer: IssuerState,
): string | undefined {
  const next = newKeyRecord(state, rotation);
  if (next === undefined || next.publishedAtMs === null) {
    return 'the new key is not published at every vantage';
  }
  const current = oldKeyRecord(state, rotation);
  if (current === undefined || current.publishedAtMs === null) {
    return 'the old key is not published at every vantage any more';
  }
  const served = servedEverywhere(issuer, next.key) && servedEverywhere(issuer, current.key);
  return served ? undefined : 'a vantage does not serve both keys now';
}

function endpointProblem(
  state: State,
  issuer: IssuerState,
  policy: IssuerPolicy,
  now: Now,
): string | undefined {
  for (const vantage of issuer.vantages.values()) {
    if (vantage.consecutiveFailures > 0) return `the JWKS at ${vantage.url} cannot be read now`;
  }
  const healthy = jwksHealthy(state, issuer, policy, now);
  return healthy.status === 'pass' ? undefined : healthy.message;
}

function shut(reason: string): ProbeWindow {
  return { open: false, reason };
}
