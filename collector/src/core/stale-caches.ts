import type { Group, Verifier } from './fleet.ts';
import { keySetOf } from './latest-report.ts';
import type { IssuerPolicy, Policy } from './policy.ts';
import type { VerifierRecord } from './records.ts';

/** Brings the sets of those that decide with too old keys to what the verifier's record says. */
export function noteStale(policy: Policy, verifier: Verifier): void {
  for (const group of verifier.groups) {
    if (isStale(policy.issuers.get(group.issuer), group, verifier.record))
      group.stale.add(verifier);
    else group.stale.delete(verifier);
  }
}

/**
 * Its keys are older than its kind ever keeps them, with what was allowed for failed fetches and
 * shared caches, and it used them all the same, or tries to replace them and cannot. A cache that is
 * read when it is used may be old while nobody uses it.
 */
function isStale(
  issuer: IssuerPolicy | undefined,
  { service: { profile } }: Group,
  record: VerifierRecord,
): boolean {
  if (issuer === undefined || profile.refreshS === null || profile.staticKeys) return false;
  const set = keySetOf(record.keySets, issuer.issuer);
  if (set === undefined || set.dataAtMs === null || record.observedAtMs === null) return false;
  const boundMs = profile.refreshS * 1_000 + issuer.failedFetchMs + issuer.sharedCachesMs;
  const staleAtMs = set.dataAtMs + boundMs;
  if (record.observedAtMs <= staleAtMs) return false;
  return set.consecutiveFailures > 0 || lastUsedMs(record, issuer.issuer) > staleAtMs;
}

/** When it last accepted a token of this issuer, collector time; 0: never, or it does not count. */
function lastUsedMs({ counts }: VerifierRecord, issuer: string): number {
  let latestMs = 0;
  for (const row of counts) {
    if (row.issuer === issuer) latestMs = Math.max(latestMs, row.lastAcceptedAtMs ?? 0);
  }
  return latestMs;
}
