import { comparesClocks, DATE_PRECISION_MS, judgedAt } from './gates/health.ts';
import type { IssuerPolicy } from './policy.ts';
import type { UsageRecord } from './records.ts';
import type { Now, State } from './state.ts';
import { isKnownKid } from './usage.ts';

/**
 * The moment by which the life of an issuer's tokens is judged, by its own clock as far as that is
 * behind the collector's. Null when nothing has told of that clock since the collector started: it may
 * have started on one that is ahead.
 */
export function issuerTime(state: State, policy: IssuerPolicy, now: Now): Now | null {
  const issuer = state.issuers.get(policy.issuer);
  if (issuer !== undefined && comparesClocks(issuer)) return judgedAt(issuer, policy, now);
  let behindMs: number | null = null;
  for (const usage of state.usage.values()) {
    if (usage.issuer !== policy.issuer || usage.kid === null) continue;
    if (!isKnownKid(state, usage.issuer, usage.kid)) continue;
    const shownMs = behindAtMostMs(state, usage);
    if (shownMs !== null) behindMs = Math.min(behindMs ?? shownMs, shownMs);
  }
  return behindMs === null ? null : heldBack(now, policy, behindMs);
}

/**
 * The most an issuer's clock can be behind by its tokens of one kid, milliseconds: none was signed
 * after it was accepted. Null when they do not say so, or not since this collector started.
 */
export function behindAtMostMs(state: State, usage: UsageRecord | undefined): number | null {
  // A token without `iat` is dated by its acceptance, which says nothing of the issuer's clock.
  if (usage?.highestIatS == null || usage.acceptedWithoutIat > 0) return null;
  if (usage.lastAcceptedAtMs < state.health.startedAtMs) return null;
  return Math.max(0, usage.lastAcceptedAtMs - usage.highestIatS * 1_000);
}

/** Time rules wait for a clock that is behind by more than the skew they allow for anyway. */
export function heldBack(now: Now, policy: IssuerPolicy, behindMs: number): Now {
  if (behindMs <= Math.max(policy.skewMs, DATE_PRECISION_MS)) return now;
  return { atMs: now.atMs, earliestMs: Math.min(now.earliestMs, now.atMs - behindMs) };
}
