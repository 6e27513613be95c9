import { sharesAlg } from '../alg.ts';
import { SIGHTINGS_IN_A_ROW } from '../issuers.ts';
import type { KeyRecord, RotationRecord } from '../records.ts';
import { keepRotation, openRotations, restandAll } from '../rotation.ts';
import type { IssuerState, Now, State } from '../state.ts';
import { keyIdentity } from '../state.ts';
import type { Write } from '../writes.ts';
import { claimKid, setUnclaimed } from './claim.ts';
import { endObserved } from './end.ts';
import { addFinding, observation } from './finding.ts';
import { algsFor, observedRotation } from './observed-rotation.ts';
import { predecessorOf } from './predecessor.ts';
import { firstUseMs } from './use.ts';

/** Observed rotations of one issuer that may be open at a time: each costs a standing per verifier. */
export const OPEN_PER_ISSUER_MAX = 4;

/** Observed rotations one issuer may open in a day; an issuer that flaps keys waits. */
export const OPENED_PER_DAY_MAX = 24;

const DAY_MS = 86_400_000;

/** Opens a rotation for every key that appeared by itself and that none is open for. */
export function openObserved(state: State, issuer: IssuerState, now: Now, writes: Write[]): void {
  if (issuer.unclaimed.size === 0) return;
  const appeared = [...issuer.unclaimed]
    .flatMap((identity) => issuer.keys.get(identity) ?? [])
    .filter((record) => isSettled(issuer, record));
  const isUsed = (record: KeyRecord): boolean =>
    firstUseMs(state, issuer.issuer, record.key.kid) !== null;
  // A key in use comes before one that is only there.
  for (const record of [
    ...appeared.filter(isUsed),
    ...appeared.filter((record) => !isUsed(record)),
  ]) {
    if (record.tombstone !== null || issuer.reusedKids.has(record.key.kid)) {
      setUnclaimed(issuer, record, false, writes);
      continue;
    }
    const old = predecessorOf(state, issuer, record);
    if (old === undefined) noteFirstKey(issuer, record, now, writes);
    else if (isFree(state, issuer, record, old, isUsed(record), now, writes)) {
      open(state, issuer, record, old, now, writes);
    }
  }
}

function noteFirstKey(issuer: IssuerState, { key }: KeyRecord, now: Now, writes: Write[]): void {
  claimKid(issuer, key.kid, writes);
  const message = `key ${key.kid} is the first of its issuer, so it replaces none`;
  writes.push(issuerObservation(now, 'first_key', issuer.issuer, message));
}

function isSettled(issuer: IssuerState, record: KeyRecord): boolean {
  const identity = keyIdentity(record.key);
  return [...issuer.vantages.values()].some(
    (vantage) => (vantage.heldRuns.get(identity) ?? 0) >= SIGHTINGS_IN_A_ROW,
  );
}

/** One rotation per (issuer, alg): a key that is used already overtakes an observed one. */
function isFree(
  state: State,
  issuer: IssuerState,
  record: KeyRecord,
  old: KeyRecord,
  isUsed: boolean,
  now: Now,
  writes: Write[],
): boolean {
  const current = openRotations(state).filter(
    (rotation) =>
      rotation.issuer === issuer.issuer &&
      (sharesAlg(rotation, algsFor(record, old)) || names(rotation, record)),
  );
  if (current.some((rotation) => rotation.origin === 'declared' || !isUsed)) return false;
  if (!hasRoom(state, issuer, current.length, now, writes)) return false;
  for (const rotation of current) {
    const because = `the issuer went on to ${record.key.kid}`;
    const reopens = rotation.switchedAtMs === null;
    endObserved(state, rotation, { outcome: 'aborted', because, reopens }, now, writes);
  }
  return true;
}

function names(rotation: RotationRecord, record: KeyRecord): boolean {
  return rotation.oldKid === record.key.kid || rotation.newKid === record.key.kid;
}

function hasRoom(
  state: State,
  issuer: IssuerState,
  freed: number,
  now: Now,
  writes: Write[],
): boolean {
  const observed = [...state.rotations.values()].filter(
    (rotation) => rotation.origin === 'observed' && rotation.issuer === issuer.issuer,
  );
  const open = observed.filter((rotation) => rotation.endedAtMs === null).length;
  const lately = observed.filter((rotation) => now.atMs - rotation.startedAtMs < DAY_MS).length;
  const hasRoom = open - freed < OPEN_PER_ISSUER_MAX && lately < OPENED_PER_DAY_MAX;
  if (!hasRoom && !issuer.paced) {
    writes.push(
      issuerObservation(
        now,
        'observed_paced',
        issuer.issuer,
        `${lately} rotations of ${issuer.issuer} opened by themselves within a day and ${open} are open; further keys wait`,
      ),
    );
  }
  issuer.paced = !hasRoom;
  return hasRoom;
}

function open(
  state: State,
  issuer: IssuerState,
  next: KeyRecord,
  old: KeyRecord,
  now: Now,
  writes: Write[],
): void {
  setUnclaimed(issuer, next, false, writes);
  const rotation = observedRotation(state, next, old, now);
  keepRotation(state, rotation, writes);
  restandAll(state, rotation, now);
  writes.push(
    observation(
      now,
      'rotation_observed',
      rotation,
      `key ${next.key.kid} appeared beside ${old.key.kid} at ${issuer.issuer}: rotation ${rotation.id} opened by itself${rotation.tainted ? `; ${old.key.kid} is tainted` : ''}`,
    ),
  );
  if (!isGone(issuer, old)) return;
  addFinding(
    state,
    rotation,
    'swapped',
    `${old.key.kid} was gone when ${next.key.kid} appeared: verifiers without ${next.key.kid} refuse its tokens now`,
    now,
    writes,
  );
}

/** What an address that cannot be read would serve is not known. */
function isGone(issuer: IssuerState, { key }: KeyRecord): boolean {
  const identity = keyIdentity(key);
  return [...issuer.vantages.values()].every((vantage) => vantage.missedRuns.has(identity));
}

function issuerObservation(now: Now, action: string, issuer: string, message: string): Write {
  return {
    kind: 'audit',
    record: {
      atMs: now.atMs,
      kind: 'observation',
      rotationId: null,
      actor: 'keyturn',
      action,
      message,
      detail: { issuer },
    },
  };
}
