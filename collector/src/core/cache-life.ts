import { groupsOfIssuer } from './fleet.ts';
import type { Cohort } from './kinds.ts';
import type { IssuerPolicy } from './policy.ts';
import type { IssuerRecord } from './records.ts';
import type { Sighting } from './sighting.ts';
import type { IssuerState, Now, State } from './state.ts';
import { issuerWrite } from './watch.ts';
import type { Write } from './writes.ts';

/** How long copies of a JWKS may live that was served until some moment. */
export interface CacheLife {
  readonly lifeMs: number;
  readonly servedUntilMs: number;
}

/** Marks kept per issuer; beyond it two become the worse of both. */
export const MARKS_MAX = 16;

/** What one answer allows caches: freshness life plus stale-while-revalidate and stale-if-error, ms. */
export function allowedLifeMs(result: Extract<Sighting['result'], { ok: true }>): number {
  return ((result.maxAgeS ?? 0) + result.staleS) * 1_000;
}

/**
 * Takes the life an answer allows into the marks of its issuer: a longer one outlives its header for
 * as long as copies made under it may, and `lingerMs` more. Longest first, each served later than the
 * one before.
 */
export function noteCacheLife(
  issuer: IssuerState,
  lifeMs: number,
  now: Now,
  writes: Write[],
  lingerMs = 0,
): void {
  const before = issuer.cacheLives[0]?.lifeMs ?? 0;
  const kept = issuer.cacheLives.filter(
    (mark) => mark.lifeMs > lifeMs && mark.servedUntilMs + mark.lifeMs + lingerMs > now.earliestMs,
  );
  if (lifeMs > 0) kept.push({ lifeMs, servedUntilMs: now.atMs });
  issuer.cacheLives = bounded(kept);
  const after = issuer.cacheLives[0]?.lifeMs ?? 0;
  if (after === before) return;
  writes.push(issuerWrite(issuer));
}

/** After a restart: copies as long-lived as any known before may have been made until now. */
export function restoreCacheLife(issuer: IssuerState, record: IssuerRecord, now: Now): void {
  if (record.cacheLifeMs === 0) return;
  issuer.cacheLives = [{ lifeMs: record.cacheLifeMs, servedUntilMs: now.atMs }];
}

/** The longest a copy of the JWKS may live that is served now or may still be about, milliseconds. */
export function cacheLifeMs(issuer: IssuerState | undefined, nowMs: number): number {
  if (issuer === undefined) return 0;
  let longestMs = 0;
  for (const { latest } of issuer.vantages.values()) {
    const result = latest?.sighting.result;
    if (result?.ok === true) longestMs = Math.max(longestMs, allowedLifeMs(result));
  }
  const mark = issuer.cacheLives.find(
    ({ lifeMs, servedUntilMs }) => servedUntilMs + lifeMs > nowMs,
  );
  return Math.max(longestMs, mark?.lifeMs ?? 0);
}

/**
 * An issuer's settings as time rules reckon with them: shared caches keep what the issuer lets them
 * keep, whatever was declared. `nowMs` 0: nothing seen before is over.
 */
export function reckonedPolicy(
  state: Readonly<State>,
  policy: IssuerPolicy,
  nowMs: number,
): IssuerPolicy {
  const lifeMs = cacheLifeMs(
    state.issuers.get(policy.issuer),
    nowMs - lingerTimeMs(state, policy.issuer),
  );
  return lifeMs <= policy.sharedCachesMs ? policy : { ...policy, sharedCachesMs: lifeMs };
}

/**
 * What a verifier got from the last copy it may keep for its own time: tiers add. A copy counts in
 * time rules for as long after its end as any of them reckons with, milliseconds.
 */
export function lingerTimeMs(state: Readonly<State>, issuer: string): number {
  const { issuers, publishSafetyMs } = state.policy;
  const policy = issuers.get(issuer);
  let longestMs = 0;
  for (const { service } of groupsOfIssuer(state.fleet, issuer)) {
    const { newKidRefusedS, removedKeyAcceptedS } = service.profile;
    const ownS = Math.max(newKidRefusedS ?? 0, removedKeyAcceptedS ?? 0);
    longestMs = Math.max(longestMs, ownS * 1_000);
    for (const { withinMs } of service.population?.cohorts ?? NO_COHORTS) {
      longestMs = Math.max(longestMs, withinMs);
    }
  }
  const tiersMs = (policy?.originSpreadMs ?? 0) + (policy?.failedFetchMs ?? 0);
  return longestMs + tiersMs + Math.max(publishSafetyMs, state.policy.emergency.publishSafetyMs);
}

const NO_COHORTS: readonly Cohort[] = [];

function bounded(marks: CacheLife[]): readonly CacheLife[] {
  if (marks.length <= MARKS_MAX) return marks;
  const [last, secondLast] = [marks.pop(), marks.pop()];
  const merged = { lifeMs: secondLast?.lifeMs ?? 0, servedUntilMs: last?.servedUntilMs ?? 0 };
  return [...marks, merged];
}
