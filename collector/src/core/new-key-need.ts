import { issuerTime } from './issuer-time.ts';
import { lifetimeOfKidMs } from './lifetime.ts';
import type { RotationRecord } from './records.ts';
import type { Now, State } from './state.ts';
import { usageKey } from './state.ts';

/**
 * Whether the new key must stay published although the signer does not use it: going back is not
 * unpublishing, as tokens it signed live on.
 *
 * - `no`: nothing says that a token of it exists.
 * - `signs`: the signer was switched to it.
 * - `until`: Unix ms, by the collector's clock.
 * - `unknown`: no end can be told; `why` is a sentence.
 */
export type NewKeyNeed =
  | { readonly kind: 'no' | 'signs' }
  | { readonly kind: 'until'; readonly atMs: number }
  | { readonly kind: 'unknown'; readonly why: string };

/** `max(rollback, highest iat) + Tmax + σ + Sret`, and not before the latest `exp` plus σ and Sret. */
export function newKeyNeed(state: Readonly<State>, rotation: RotationRecord): NewKeyNeed {
  if (rotation.switchedAtMs !== null) return { kind: 'signs' };
  const usage = state.usage.get(usageKey(rotation.issuer, rotation.newKid));
  if (rotation.rolledBackAtMs === null && usage === undefined) return { kind: 'no' };
  const policy = state.policy.issuers.get(rotation.issuer);
  const tmaxMs = policy === undefined ? null : lifetimeOfKidMs(state, policy, rotation.newKid);
  if (policy === undefined || tmaxMs === null) {
    return { kind: 'unknown', why: 'nobody can say how long its tokens live' };
  }
  if ((usage?.acceptedWithoutExp ?? 0) > 0) {
    return { kind: 'unknown', why: 'a token of it without expiry was accepted' };
  }
  const lastSignedMs = Math.max(
    rotation.rolledBackAtMs ?? 0,
    usage === undefined ? 0 : (usage.highestIatS ?? usage.lastAcceptedAtMs / 1_000) * 1_000,
  );
  const latestExpMs = (usage?.highestExpS ?? 0) * 1_000;
  const marginMs = policy.skewMs + state.policy.retireSafetyMs;
  return {
    kind: 'until',
    atMs: Math.ceil(Math.max(lastSignedMs + tmaxMs, latestExpMs) + marginMs),
  };
}

/** True while tokens of a new key that does not sign may live, or nobody can say that they do not. */
export function mayBeNeeded(
  state: State,
  rotation: RotationRecord,
  need: NewKeyNeed,
  now: Now,
): boolean {
  switch (need.kind) {
    case 'no':
      return false;
    case 'signs':
    case 'unknown':
      return true;
    case 'until': {
      const policy = state.policy.issuers.get(rotation.issuer);
      if (policy === undefined) return true;
      const judged = issuerTime(state, policy, now);
      return judged === null || judged.earliestMs < need.atMs;
    }
  }
}
