import { SIGHTINGS_IN_A_ROW } from '../../issuers.ts';
import type { KeyRecord } from '../../records.ts';
import { openRotations } from '../../rotation.ts';
import { keyIdentity } from '../../state.ts';
import type { IssuerState, State, VantageState } from '../../state.ts';
import { isTainted } from '../../tainted-key.ts';
import { alertIdentity, isFiring } from '../alert.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/**
 * An address serves an older set again: it lacks a key that it had, or that other addresses have,
 * while it serves older ones; it lacks the new key of a rotation after it had it; or it serves a key
 * that was retired. Keys that people gave up, and those gone everywhere, are not missed.
 */
export const jwksRegressed: AlertRule = {
  names: ['JwksRegressed'],
  judge: (state) =>
    [...state.issuers.values()].flatMap((issuer) =>
      [...issuer.vantages.values()].flatMap(
        (vantage) => judgeAddress(state, issuer, vantage) ?? [],
      ),
    ),
};

function judgeAddress(
  state: State,
  issuer: IssuerState,
  vantage: VantageState,
): Judgement | undefined {
  const about = {
    name: 'JwksRegressed',
    labels: { issuer: issuer.issuer, address: vantage.url },
  } as const;
  if (vantage.latest?.sighting.result.ok !== true) return { status: 'unknown', ...about };
  const lost = lostKeys(state, issuer, vantage).map(
    ({ key }) => `${key.kid} was served there and is missing`,
  );
  const revived = servedNow(issuer, vantage)
    .filter(({ tombstone }) => tombstone === 'retired')
    .map(({ key }) => `${key.kid} was retired and is served again`);
  if (lost.length + revived.length === 0) return undefined;
  return {
    status: 'present',
    ...about,
    summary: `${vantage.url} serves an older JWKS of ${issuer.issuer} again: verifiers that fetch there lose keys they need`,
    details: [...lost, ...revived].slice(0, 5),
  };
}

function lostKeys(state: State, issuer: IssuerState, vantage: VantageState): readonly KeyRecord[] {
  const served = servedNow(issuer, vantage);
  const oldestMs = new Map<string, number>();
  for (const { key, firstSeenAtMs } of served) {
    oldestMs.set(key.alg, Math.min(oldestMs.get(key.alg) ?? firstSeenAtMs, firstSeenAtMs));
  }
  return candidates(state, issuer, vantage).flatMap((identity) => {
    const record = issuer.keys.get(identity);
    const missed = vantage.missedRuns.get(identity) ?? 0;
    if (record === undefined || missed === 0) return [];
    if (record.tombstone !== null || isGivenUp(state, issuer.issuer, record)) return [];
    if (isAwaited(state, issuer.issuer, record)) return [record];
    const hasOlder = (oldestMs.get(record.key.alg) ?? Infinity) < record.firstSeenAtMs;
    const isGone = record.withdrawnAtMs !== null || missed < SIGHTINGS_IN_A_ROW;
    return hasOlder && !isGone ? [record] : [];
  });
}

// What an address had before a restart is not known: while its alert is open, nothing it lacks is excused.
function candidates(
  state: State,
  { issuer }: IssuerState,
  { url, served, missedRuns }: VantageState,
): readonly string[] {
  const open = state.alerts.get(alertIdentity('JwksRegressed', { issuer, address: url }));
  return open !== undefined && isFiring(open) ? [...missedRuns.keys()] : [...served];
}

function servedNow(issuer: IssuerState, { latest }: VantageState): readonly KeyRecord[] {
  const result = latest?.sighting.result;
  if (result?.ok !== true) return [];
  return result.keys.flatMap((key) => issuer.keys.get(keyIdentity(key)) ?? []);
}

/** The new key of an open rotation, unless the signer went back from it. */
function isAwaited(state: State, issuer: string, { key }: KeyRecord): boolean {
  return openRotations(state).some(
    (rotation) =>
      rotation.issuer === issuer &&
      rotation.newKid === key.kid &&
      (rotation.rolledBackAtMs === null || rotation.switchedAtMs !== null),
  );
}

/** Tainted, of a rotation that was aborted or undone, or the old one of a switch: it may go. */
function isGivenUp(state: State, issuer: string, { key }: KeyRecord): boolean {
  if (isTainted(state, issuer, key)) return true;
  let isGivenUp = false;
  // The latest rotation of a key is the last one; what it was in an earlier one says nothing.
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer !== issuer) continue;
    const { rolledBackAtMs, switchedAtMs } = rotation;
    if (rotation.newKid === key.kid) {
      isGivenUp =
        rotation.outcome === 'aborted' || (rolledBackAtMs !== null && switchedAtMs === null);
    } else if (rotation.oldKid === key.kid) isGivenUp = switchedAtMs !== null;
  }
  return isGivenUp;
}
