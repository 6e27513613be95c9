import { moment } from '@keyturn/shared/model/moment.ts';
import { type Algs, oldAlgOf } from '../alg.ts';
import type { KeyRecord, RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { isTainted } from '../tainted-key.ts';
import { attributableFailures } from '../usage.ts';

/** The record of a rotation that opens by itself. */
export function observedRotation(
  state: State,
  next: KeyRecord,
  old: KeyRecord,
  now: Now,
): RotationRecord {
  const seenBefore = [...state.rotations.values()].some(
    (rotation) => rotation.issuer === next.issuer && rotation.newKid === next.key.kid,
  );
  return {
    id: observedId(state, now),
    issuer: next.issuer,
    ...algsFor(next, old),
    keyKind: 'public',
    oldKid: old.key.kid,
    oldThumbprint: old.key.thumbprint,
    newKid: next.key.kid,
    newThumbprint: next.key.thumbprint,
    startedAtMs: now.atMs,
    startedBy: 'keyturn',
    declared: {},
    switchedAtMs: null,
    switchSeenAtMs: null,
    firstSwitchedAtMs: null,
    rolledBackAtMs: null,
    // Whatever failed with the kid of a fresh key failed because of it.
    failuresAtSwitch: seenBefore ? attributableFailures(state, next.issuer, next.key.kid) : 0,
    endedAtMs: null,
    outcome: null,
    // Whoever moves away from a stolen key, it is stolen.
    tainted: isTainted(state, next.issuer, old.key),
    origin: 'observed',
    endedBecause: null,
    findings: [],
  };
}

/** Keys that name no algorithm are RSA keys, and RS256 is what every issuer must support. */
export function algsFor(next: KeyRecord, old: KeyRecord): Algs {
  const alg = next.key.alg || old.key.alg || 'RS256';
  return { alg, oldAlg: oldAlgOf(old.key.alg, alg) };
}

/** `o-20261127-1`: the day and a number, so that the same inputs give the same id. */
function observedId(state: State, now: Now): string {
  const day = moment(now.atMs).slice(0, 10).replaceAll('-', '');
  const prefix = `o-${day}-`;
  let last = 0;
  for (const id of state.rotations.keys()) {
    if (id.startsWith(prefix)) last = Math.max(last, Number(id.slice(prefix.length)) || 0);
  }
  return `${prefix}${last + 1}`;
}
