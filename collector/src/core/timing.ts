import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Cohort } from './kinds.ts';
import type { IssuerPolicy, Policy } from './policy.ts';
import type { KeyRecord, RotationRecord, UsageRecord } from './records.ts';

/**
 * Pv: how long a verifier may work without a key that is published, milliseconds. Tiers in series
 * add. Null when the profile knows no bound.
 *
 * After RFC 7583 §3.2.1 (Ipub = Dprp + TTLkey), with every cache between origin and verifier.
 */
export function propagationMs(issuer: IssuerPolicy, profile: ProfileFacts): number | null {
  if (profile.newKidRefusedS === null || profile.staticKeys) return null;
  return (
    issuer.originSpreadMs +
    issuer.sharedCachesMs +
    issuer.failedFetchMs +
    profile.newKidRefusedS * 1_000
  );
}

/**
 * How long after withdrawal a verifier may still accept a key, milliseconds: origin spread + shared
 * caches + the profile's own bound. Null when there is none.
 */
export function dropMs(issuer: IssuerPolicy, profile: ProfileFacts): number | null {
  if (profile.removedKeyAcceptedS === null || profile.staticKeys) return null;
  return issuer.originSpreadMs + issuer.sharedCachesMs + profile.removedKeyAcceptedS * 1_000;
}

/**
 * How long after a change of the JWKS a share of a population may work with what was before,
 * milliseconds: origin spread + shared caches + the time within which that share refreshes.
 */
export function populationMs(issuer: IssuerPolicy, cohort: Cohort): number {
  return issuer.originSpreadMs + issuer.sharedCachesMs + cohort.withinMs;
}

/**
 * Tmax: the longest lifetime declared or ever seen for tokens of this issuer, milliseconds. The seen
 * part is a high-water mark over all its keys, the declared one over the time `keys` were served:
 * settings raise it and never lower it. Null: unknown.
 */
export function longestLifetimeMs(
  issuer: IssuerPolicy,
  usage: Iterable<UsageRecord>,
  keys: Iterable<KeyRecord>,
): number | null {
  let longest = issuer.maxTokenLifetimeMs;
  for (const { declaredLifetimeMs } of keys) {
    if (declaredLifetimeMs !== null) longest = Math.max(longest ?? 0, declaredLifetimeMs);
  }
  for (const record of usage) {
    if (record.issuer !== issuer.issuer || record.longestLifetimeS === null) continue;
    longest = Math.max(longest ?? 0, record.longestLifetimeS * 1_000);
  }
  return longest;
}

/**
 * Tsw: the last moment the old key may have signed, Unix ms: the declared switch and the spread of
 * signers after it, the first new-key token accepted after it, or the highest `iat` of an accepted
 * old-key token, whichever is latest.
 */
export function lastOldSignatureMs(
  rotation: RotationRecord,
  usage: UsageRecord | undefined,
  switchSpreadMs: number,
): number | null {
  if (rotation.switchedAtMs === null) return null;
  const seenMs = usage?.highestIatS == null ? 0 : usage.highestIatS * 1_000;
  return Math.max(rotation.switchedAtMs + switchSpreadMs, rotation.switchSeenAtMs ?? 0, seenMs);
}

/**
 * Earliest moment no token of the old key can be accepted any more, Unix ms:
 * `max(Tsw, highest iat) + Tmax + σ + Sret`, and not before the latest `exp` seen, plus σ and Sret.
 * Null while Tsw or Tmax is unknown.
 */
export function oldTokensGoneAtMs(
  rotation: RotationRecord,
  usage: UsageRecord | undefined,
  tmaxMs: number | null,
  issuer: IssuerPolicy,
  policy: Policy,
): number | null {
  const lastSignedMs = lastOldSignatureMs(rotation, usage, issuer.switchSpreadMs);
  if (lastSignedMs === null || tmaxMs === null) return null;
  const marginMs = issuer.skewMs + policy.retireSafetyMs;
  const latestExpMs = usage?.highestExpS == null ? 0 : usage.highestExpS * 1_000;
  return Math.max(lastSignedMs + tmaxMs, latestExpMs) + marginMs;
}
