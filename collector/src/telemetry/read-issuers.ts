import type { KeyRecord } from '../core/records.ts';
import type { IssuerState, State, VantageState } from '../core/state.ts';
import { reading, type Reading } from './reading.ts';

/** What the collector itself sees of every configured issuer. */
export function issuerReadings(state: Readonly<State>, nowMs: number): Reading[] {
  return [...state.issuers.values()].flatMap((issuer) => [
    ...vantageReadings(issuer, nowMs),
    ...keyReadings(issuer),
  ]);
}

function vantageReadings(issuer: IssuerState, nowMs: number): Reading[] {
  const vantages = [...issuer.vantages.values()];
  const of = { 'keyturn.issuer': issuer.issuer };
  const count = { readable: 0, failing: 0, unread: 0 };
  for (const vantage of vantages) count[stateOf(vantage)] += 1;
  const readings = Object.entries(count).map(([state, value]) =>
    reading('vantages', value, { ...of, 'keyturn.vantage.state': state }),
  );
  const readAtMs = vantages.map((vantage) => vantage.latestOkAtMs).filter((atMs) => atMs !== null);
  // The address that was readable longest ago counts; with one never read there is no age yet.
  if (vantages.length === 0 || readAtMs.length < vantages.length) return readings;
  const ageS = Math.max(0, nowMs - Math.min(...readAtMs)) / 1_000;
  return [...readings, reading('jwksAge', ageS, of)];
}

function stateOf({ latest, failingSinceMs }: VantageState): 'readable' | 'failing' | 'unread' {
  if (latest === null) return 'unread';
  return failingSinceMs === null ? 'readable' : 'failing';
}

function keyReadings(issuer: IssuerState): Reading[] {
  const of = { 'keyturn.issuer': issuer.issuer };
  const count = { appearing: 0, published: 0, withdrawn: 0 };
  for (const record of issuer.keys.values()) count[keyState(record)] += 1;
  return [
    ...Object.entries(count).map(([state, value]) =>
      reading('keys', value, { ...of, 'keyturn.key.state': state }),
    ),
    reading('reusedKids', issuer.reusedKids.size, of),
  ];
}

function keyState(record: KeyRecord): 'appearing' | 'published' | 'withdrawn' {
  if (record.withdrawnAtMs !== null) return 'withdrawn';
  return record.publishedAtMs === null ? 'appearing' : 'published';
}
