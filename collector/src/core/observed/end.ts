import { tellStepTaken } from '../alerts/step-news.ts';
import type { RotationRecord } from '../records.ts';
import { retireOldKey } from '../retired-key.ts';
import { keepRotation, newKeyRecord, releaseRotation } from '../rotation.ts';
import { takeEvidence } from '../snapshot/take.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { setUnclaimed } from './claim.ts';
import { observation } from './finding.ts';

/** Ended observed rotations kept per issuer, for display; older ones make room. */
export const ENDED_KEPT_PER_ISSUER = 50;

/** How an observed rotation ended. */
export interface Ending {
  readonly outcome: 'completed' | 'aborted';
  /** A sentence without its full stop. */
  readonly because: string;
  /** The new key may open a rotation again when it is seen again, or still. */
  readonly reopens?: boolean;
}

/** Ends an observed rotation, and forgets the oldest ended ones beyond the bound. */
export function endObserved(
  state: State,
  rotation: RotationRecord,
  ending: Ending,
  now: Now,
  writes: Write[],
): void {
  const { outcome, because } = ending;
  const ended = { ...rotation, endedAtMs: now.atMs, outcome, endedBecause: because };
  keepRotation(state, ended, writes);
  takeEvidence(state, ended, { kind: 'end', outcome, because }, null, now, writes);
  const step = outcome === 'completed' ? 'complete' : 'abort';
  tellStepTaken(state, ended, { step, by: 'keyturn', why: because }, now, writes);
  releaseRotation(state, ended);
  state.unevaluated.add(ended.id);
  if (outcome === 'completed') retireOldKey(state, ended, now, writes);
  const issuer = state.issuers.get(ended.issuer);
  const next = newKeyRecord(state, ended);
  if (ending.reopens === true && issuer !== undefined && next !== undefined) {
    setUnclaimed(issuer, next, true, writes);
  }
  writes.push(
    observation(now, `observed_${outcome}`, ended, `rotation ${ended.id} ended: ${because}`),
  );
  makeRoom(state, ended.issuer, writes);
}

function makeRoom(state: State, issuer: string, writes: Write[]): void {
  const ended = [...state.rotations.values()]
    .filter(
      (rotation) =>
        rotation.origin === 'observed' && rotation.issuer === issuer && rotation.endedAtMs !== null,
    )
    .sort((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0));
  for (const rotation of ended.slice(ENDED_KEPT_PER_ISSUER)) remove(state, rotation.id, writes);
}

function remove(state: State, id: string, writes: Write[]): void {
  state.rotations.delete(id);
  state.gates.delete(id);
  // The snapshots stay in the store, where they are kept for ever.
  state.evidence.delete(id);
  state.health.droppedRotations += 1;
  const attestationIds = removeOf(state.attestations, id);
  const waiverIds = removeOf(state.waivers, id);
  writes.push({ kind: 'rotation_removed', record: { id, attestationIds, waiverIds } });
}

function removeOf(
  records: Map<string, { readonly id: string; readonly rotationId: string }>,
  rotationId: string,
): readonly string[] {
  const ids = [...records.values()]
    .filter((record) => record.rotationId === rotationId)
    .map((record) => record.id);
  for (const id of ids) records.delete(id);
  return ids;
}
