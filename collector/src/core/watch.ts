import type { IssuerPolicy } from './policy.ts';
import type { IssuerRecord, RotationRecord } from './records.ts';
import type { RotationFacts } from './standing.ts';
import { rotationFacts } from './rotation.ts';
import type { IssuerState, Now, State, VantageState } from './state.ts';
import type { Write } from './writes.ts';

/** The collector may look away for this long, milliseconds: a restart, an upgrade. */
export const UNWATCHED_MAX_MS = 900_000;

/** How often it is written down that a JWKS was read, milliseconds. */
const NOTE_EVERY_MS = 60_000;

/**
 * Takes note that an address could be read, before its own marks are brought up to date. What nobody
 * could read for long may have lacked a key, or served one again, and verifiers could not fetch
 * either: waits for time begin anew at its end.
 */
export function noteRead(
  issuer: IssuerState,
  vantage: VantageState,
  policy: IssuerPolicy,
  now: Now,
  writes: Write[],
): void {
  const lastMs = vantage.latestOkAtMs ?? issuer.readBeforeMs;
  const before = issuer.watchedSinceMs;
  if (lastMs !== null && now.atMs - lastMs > allowedMs(vantage, policy)) {
    issuer.watchedSinceMs = now.atMs;
  }
  vantage.latestOkAtMs = now.atMs;
  const readAtMs = readEverywhereMs(issuer);
  const isDue = readAtMs !== null && readAtMs - (issuer.readNotedMs ?? 0) >= NOTE_EVERY_MS;
  if (isDue) issuer.readNotedMs = readAtMs;
  if (isDue || issuer.watchedSinceMs !== before) writes.push(issuerWrite(issuer));
}

/** Nobody looks for a while: what was read until now is what the next look is compared with. */
export function lookAway(issuer: IssuerState): void {
  issuer.readBeforeMs = readEverywhereMs(issuer) ?? issuer.readBeforeMs;
}

/** After a restart. An issuer with keys of which no look is on record may have been unread for ever. */
export function restoreWatch(issuer: IssuerState, record: IssuerRecord | undefined): void {
  issuer.watchedSinceMs = record?.watchedSinceMs ?? null;
  issuer.readNotedMs = record?.readAtMs ?? null;
  issuer.readBeforeMs = record?.readAtMs ?? (issuer.keys.size > 0 ? 0 : null);
}

/** All that is kept of an issuer, to be written. */
export function issuerWrite(issuer: IssuerState): Write {
  return {
    kind: 'issuer',
    record: {
      issuer: issuer.issuer,
      cacheLifeMs: issuer.cacheLives[0]?.lifeMs ?? 0,
      readAtMs: issuer.readNotedMs,
      watchedSinceMs: issuer.watchedSinceMs,
    },
  };
}

/** Publication and withdrawal as waits count from them: not before the end of a time nobody looked. */
export function countedFacts(state: Readonly<State>, rotation: RotationRecord): RotationFacts {
  const facts = rotationFacts(state, rotation);
  const watchedSinceMs = state.issuers.get(rotation.issuer)?.watchedSinceMs ?? null;
  if (rotation.keyKind === 'secret' || watchedSinceMs === null) return facts;
  const counted = (atMs: number | null): number | null =>
    atMs === null ? null : Math.max(atMs, watchedSinceMs);
  return {
    ...facts,
    publishedAtMs: counted(facts.publishedAtMs),
    withdrawnAtMs: counted(facts.withdrawnAtMs),
  };
}

/** When every address had been read, Unix ms; null while one has not been. */
function readEverywhereMs(issuer: IssuerState): number | null {
  let earliestMs: number | null = null;
  for (const { latestOkAtMs } of issuer.vantages.values()) {
    if (latestOkAtMs === null) return null;
    earliestMs = Math.min(earliestMs ?? latestOkAtMs, latestOkAtMs);
  }
  return earliestMs;
}

/** An address that fails keeps verifiers from fetching too, of which settings say how long may pass. */
function allowedMs({ failingSinceMs }: VantageState, policy: IssuerPolicy): number {
  const { failedFetchMs, watchIntervalMs } = policy;
  return failingSinceMs === null
    ? Math.max(UNWATCHED_MAX_MS, 4 * watchIntervalMs)
    : failedFetchMs + 2 * watchIntervalMs;
}
