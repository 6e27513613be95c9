import type { Check } from '@keyturn/shared/model/verdict.ts';
import { allowedLifeMs, cacheLifeMs } from '../cache-life.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { IssuerState, Now, State } from '../state.ts';
import { fail, pass, unknown } from './check.ts';
import type { Findings } from './verdict.ts';

/**
 * Copies of the JWKS without the new key end before the signer is meant to switch: an issuer whose
 * own cache header outlives its plan switches while caches still hold the old set.
 */
export function cacheLead(state: State, policy: IssuerPolicy, now: Now): Check {
  const issuer = state.issuers.get(policy.issuer);
  const lifeMs = cacheLifeMs(issuer, now.earliestMs);
  const remark = cachesRemark(policy, lifeMs);
  if (policy.plannedLeadMs === null) {
    return pass(
      'cache_lead',
      'policy',
      `no time between publication and switch is planned${remark}`,
    );
  }
  if (issuer === undefined || !isRead(issuer)) {
    return unknown('cache_lead', 'policy', 'how long caches may keep the JWKS has not been seen', {
      help: 'keyturn doctor',
    });
  }
  const leadS = policy.plannedLeadMs / 1_000;
  if (lifeMs <= policy.plannedLeadMs) {
    return pass(
      'cache_lead',
      'policy',
      `caches keep the JWKS for at most ${lifeMs / 1_000} s, within the planned ${leadS} s${remark}`,
    );
  }
  const lingering = lingeringUntilMs(issuer, policy.plannedLeadMs);
  return fail(
    'cache_lead',
    'policy',
    `caches may keep the JWKS ${saidAt(issuer, lifeMs)}for ${lifeMs / 1_000} s, longer than the ${leadS} s planned between publication and switch${remark}`,
    {
      clearsAtMs: lingering,
      help: 'lower max-age and stale-* of the JWKS, or raise issuers[].planned_lead in the collector settings',
    },
  );
}

/** For a time rule's sentence: why it waits for longer than was declared. */
export function withCachesRemark(
  findings: Findings,
  declared: IssuerPolicy,
  reckoned: IssuerPolicy,
): Findings {
  const remark = cachesRemark(declared, reckoned.sharedCachesMs);
  if (remark === '') return findings;
  const checks = findings.checks.map((check) =>
    WAITS_FOR_CACHES.has(check.id) && check.status === 'fail'
      ? { ...check, message: `${check.message}${remark}` }
      : check,
  );
  return { ...findings, checks };
}

const WAITS_FOR_CACHES: ReadonlySet<string> = new Set([
  'time_elapsed',
  'population_covered',
  'drop_time_elapsed',
]);

function cachesRemark({ sharedCachesMs }: IssuerPolicy, lifeMs: number): string {
  return lifeMs <= sharedCachesMs
    ? ''
    : `; the issuer lets caches keep its JWKS for ${lifeMs / 1_000} s, more than the ${sharedCachesMs / 1_000} s of shared_caches`;
}

function isRead(issuer: IssuerState): boolean {
  const vantages = [...issuer.vantages.values()];
  return vantages.length > 0 && vantages.every(({ latest }) => latest?.sighting.result.ok === true);
}

/** Where an answer allows this now; empty when it did so before. */
function saidAt(issuer: IssuerState, lifeMs: number): string {
  for (const { url, latest } of issuer.vantages.values()) {
    const result = latest?.sighting.result;
    if (result?.ok === true && allowedLifeMs(result) === lifeMs) return `of ${url} `;
  }
  return 'as it was served before ';
}

/** When the last copy is gone that outlives the plan; null while such copies are still made. */
function lingeringUntilMs(issuer: IssuerState, leadMs: number): number | null {
  for (const { latest } of issuer.vantages.values()) {
    const result = latest?.sighting.result;
    if (result?.ok === true && allowedLifeMs(result) > leadMs) return null;
  }
  return Math.max(
    ...issuer.cacheLives
      .filter(({ lifeMs }) => lifeMs > leadMs)
      .map(({ lifeMs, servedUntilMs }) => servedUntilMs + lifeMs),
  );
}
