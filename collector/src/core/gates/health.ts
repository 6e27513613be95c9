import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { sharesAlg } from '../alg.ts';
import { KEYS_PER_ISSUER_MAX } from '../issuers.ts';
import { openRotations } from '../rotation.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { IssuerState, Now, State, VantageState } from '../state.ts';
import { fail, pass, unknown } from './check.ts';

/** Origin clocks further off than this, or than σ where larger, make time rules meaningless. */
export const CLOCK_TOLERANCE_MS = 300_000;

/** A Date header has whole seconds, and a fetch takes a moment. */
export const DATE_PRECISION_MS = 2_000;

/** A turned-away verifier keeps gates unknown for this long after it was last turned away. */
const REFUSAL_MEMORY_MS = 3_600_000;

/** A vantage not read for this many watch intervals, and at least `STALE_SIGHTING_MIN_MS`, is stale. */
const STALE_SIGHTING_INTERVALS = 4;
const STALE_SIGHTING_MIN_MS = 5_000;

/** Whether the collector itself is in a state to answer. Shared by every gate. */
export function collectorChecks(state: State, now: Now): readonly Check[] {
  return [holdDown(state, now), storeWritable(state), withinBounds(state, now)];
}

/** Whether the issuer's JWKS can be judged at every vantage. */
export function issuerChecks(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): readonly Check[] {
  const issuer = state.issuers.get(rotation.issuer);
  if (issuer === undefined) return [issuerConfigured(rotation)];
  return [jwksHealthy(state, issuer, policy, now), clockAgrees(issuer, policy)];
}

/** For a rotation whose issuer left the settings: nothing can be judged, and no waiver helps. */
export function issuerConfigured(rotation: RotationRecord): Check {
  return unknown(
    'issuer_configured',
    'health',
    `issuer ${rotation.issuer} is not configured any more`,
    { help: 'add the issuer to the collector settings again' },
  );
}

/** One open rotation per (issuer, alg), of either key: I4. */
export function onlyRotation(state: State, rotation: RotationRecord): Check {
  const others = openRotations(state).filter(
    (other) =>
      other.id !== rotation.id && other.issuer === rotation.issuer && sharesAlg(other, rotation),
  );
  const [other] = others;
  if (other === undefined) {
    return pass('one_rotation', 'policy', 'no other rotation is open for this issuer and alg');
  }
  return fail(
    'one_rotation',
    'policy',
    `rotation ${other.id} is open for the same issuer and alg`,
    {
      sinceMs: other.startedAtMs,
      help: `keyturn rotation abort ${other.id}`,
    },
  );
}

function holdDown(state: State, now: Now): Check {
  const untilMs = state.health.holdDownUntilMs;
  if (now.atMs >= untilMs) {
    return pass('collector_ready', 'health', 'the collector has heard the fleet since it started');
  }
  return unknown(
    'collector_ready',
    'health',
    'the collector started a moment ago and waits one lease to hear the fleet',
    { sinceMs: state.health.startedAtMs, clearsAtMs: untilMs },
  );
}

function storeWritable(state: State): Check {
  const { storeFailingSinceMs, proofFailing } = state.health;
  const sinceMs = storeFailingSinceMs ?? proofFailing?.sinceMs ?? null;
  if (sinceMs === null) return pass('store_writable', 'health', 'the store takes writes');
  return unknown(
    'store_writable',
    'health',
    storeFailingSinceMs === null
      ? 'the store does not give back what was written, so nothing can be relied on'
      : 'the store refuses writes, so nothing can be relied on',
    {
      sinceMs,
      help: 'keyturn doctor',
    },
  );
}

/** Whether every verifier that asked was taken in. */
export function withinBounds(state: State, now: Now): Check {
  const { refusedVerifierAtMs, refusedVerifiers } = state.health;
  // Who was turned away before a restart is not known, and may not have knocked again.
  if (state.fleet.verifiers.size >= state.policy.verifiersMax) {
    return unknown(
      'fleet_within_bounds',
      'health',
      `the fleet is at its bound of ${counted(state.policy.verifiersMax, 'verifier')}; further ones are not seen`,
      { help: 'raise policy.max_verifiers in the collector settings' },
    );
  }
  if (refusedVerifierAtMs === null || now.atMs - refusedVerifierAtMs > REFUSAL_MEMORY_MS) {
    return pass('fleet_within_bounds', 'health', 'no verifier was turned away');
  }
  return unknown(
    'fleet_within_bounds',
    'health',
    `verifiers were turned away (${counted(refusedVerifiers, 'time')}), so the fleet is not fully seen`,
    {
      sinceMs: refusedVerifierAtMs,
      clearsAtMs: refusedVerifierAtMs + REFUSAL_MEMORY_MS,
      help: 'keyturn doctor',
    },
  );
}

/** Whether the issuer's JWKS was read at every vantage, and lately. */
export function jwksHealthy(
  state: State,
  issuer: IssuerState,
  policy: IssuerPolicy,
  now: Now,
): Check {
  if (issuer.vantages.size === 0) {
    return unknown('jwks_healthy', 'health', 'no address is configured to read the JWKS from', {
      help: 'set issuers[].jwks_uri in the collector settings',
    });
  }
  if (state.health.droppedKeyAtMs !== null && issuer.keys.size >= KEYS_PER_ISSUER_MAX) {
    return unknown(
      'jwks_healthy',
      'health',
      `the issuer has published more than ${KEYS_PER_ISSUER_MAX} keys, so new ones are not seen`,
      { sinceMs: state.health.droppedKeyAtMs },
    );
  }
  const staleAfterMs = staleSightingMs(policy);
  for (const vantage of issuer.vantages.values()) {
    const { latest } = vantage;
    if (latest === null) {
      return unknown('jwks_healthy', 'health', `JWKS at ${vantage.url} has not been read yet`);
    }
    if (!latest.sighting.result.ok) {
      return fail(
        'jwks_healthy',
        'health',
        `JWKS at ${vantage.url} cannot be used: ${latest.sighting.result.message}`,
        { sinceMs: vantage.failingSinceMs, help: `curl -fsS ${vantage.url}` },
      );
    }
    if (now.atMs - latest.atMs > staleAfterMs) {
      return unknown(
        'jwks_healthy',
        'health',
        `JWKS at ${vantage.url} was last read at ${moment(latest.atMs)}`,
        { sinceMs: latest.atMs },
      );
    }
  }
  return pass(
    'jwks_healthy',
    'health',
    `the JWKS is readable at ${counted(issuer.vantages.size, 'vantage')}`,
  );
}

/** An address that was not read for longer says nothing of now, milliseconds. */
export function staleSightingMs(policy: IssuerPolicy): number {
  return Math.max(policy.watchIntervalMs * STALE_SIGHTING_INTERVALS, STALE_SIGHTING_MIN_MS);
}

/** Whether any vantage says what time it is. */
export function comparesClocks(issuer: IssuerState): boolean {
  return [...issuer.vantages.values()].some((vantage) => clockAheadMs(vantage) !== null);
}

/** Clocks of collector and issuer further apart than this make time rules meaningless, ms. */
export function clockToleranceMs(policy: IssuerPolicy): number {
  return Math.max(CLOCK_TOLERANCE_MS, policy.skewMs);
}

export function clockAgrees(issuer: IssuerState, policy: IssuerPolicy): Check {
  const toleranceMs = clockToleranceMs(policy);
  let compared = 0;
  for (const vantage of issuer.vantages.values()) {
    const offMs = clockAheadMs(vantage);
    if (offMs === null) continue;
    compared += 1;
    if (Math.abs(offMs) > toleranceMs) {
      return unknown(
        'clock_agrees',
        'health',
        `the collector's clock and ${vantage.url} are ${Math.round(offMs / 1_000)} s apart, so time proves nothing`,
        {
          help: 'set the clocks of the collector and the issuer (NTP), then restart the collector',
        },
      );
    }
  }
  if (compared === 0) {
    return unknown(
      'clock_agrees',
      'health',
      "nothing confirms the collector's clock: no vantage that can be read says what time it is (`Date` header)",
      { help: 'let an address of the issuer send a Date header (RFC 9110, 6.6.1)' },
    );
  }
  return pass('clock_agrees', 'health', 'the clocks of collector and issuer agree');
}

/**
 * The moment by which time rules of an issuer judge: tokens live by the issuer's clock, so one that
 * is behind the collector's by more than the skew allowed for holds them back by all of it.
 */
export function judgedAt(issuer: IssuerState | undefined, policy: IssuerPolicy, now: Now): Now {
  let aheadMs = 0;
  for (const vantage of issuer?.vantages.values() ?? []) {
    aheadMs = Math.max(aheadMs, clockAheadMs(vantage) ?? 0);
  }
  if (aheadMs <= Math.max(policy.skewMs, DATE_PRECISION_MS)) return now;
  return { atMs: now.atMs, earliestMs: Math.min(now.earliestMs, now.atMs - aheadMs) };
}

/** How far the collector's clock is ahead of a vantage's, by its last Date; null when it sent none. */
export function clockAheadMs({ latest }: VantageState): number | null {
  const result = latest?.sighting.result;
  if (latest == null || result?.ok !== true || result.originDateMs === null) return null;
  return latest.atMs - result.originDateMs - (result.ageS ?? 0) * 1_000;
}
