import { moment } from '@keyturn/shared/model/moment.ts';
import { formatSpan } from './span.ts';
import type { RotationRecord } from '../records.ts';
import {
  keepRotation,
  newKeyRecord,
  oldKeyRecord,
  openRotations,
  rotationFacts,
} from '../rotation.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { endObserved } from './end.ts';
import { addFinding } from './finding.ts';
import { neededLeadMs, oldTokensLive } from './lead.ts';
import { openObserved } from './open.ts';
import { firstUseMs } from './use.ts';

/** Brings observed rotations up to what was seen: those under way, then keys that appeared. */
export function observeRotations(state: State, now: Now, writes: Write[]): void {
  for (const rotation of observedRotations(state)) followObserved(state, rotation, now, writes);
  for (const issuer of state.issuers.values()) openObserved(state, issuer, now, writes);
}

/** Ends the observed rotations whose old key no verifier accepts any more, by the gates evaluated. */
export function completeObserved(state: State, now: Now, writes: Write[]): void {
  for (const rotation of observedRotations(state)) {
    if (state.gates.get(rotation.id)?.get('purge')?.status !== 'open') continue;
    const because = `no verifier accepts ${rotation.oldKid} any more`;
    endObserved(state, rotation, { outcome: 'completed', because }, now, writes);
  }
}

function observedRotations(state: State): RotationRecord[] {
  return openRotations(state).filter((rotation) => rotation.origin === 'observed');
}

/** The switch, early steps and the end of one observed rotation, all from what was seen. */
function followObserved(state: State, rotation: RotationRecord, now: Now, writes: Write[]): void {
  let next = noteSwitch(state, rotation, now, writes);
  next = noteRemoval(state, next, now, writes);
  if (newKeyRecord(state, next)?.withdrawnAtMs == null) return;
  noteDisappearance(state, next, now, writes);
}

function noteSwitch(
  state: State,
  rotation: RotationRecord,
  now: Now,
  writes: Write[],
): RotationRecord {
  if (rotation.switchedAtMs !== null) return rotation;
  const usedAtMs = firstUseMs(state, rotation.issuer, rotation.newKid);
  if (usedAtMs === null) return rotation;
  const switched = { ...rotation, switchedAtMs: usedAtMs, switchSeenAtMs: usedAtMs };
  keepRotation(state, switched, writes);
  state.unevaluated.add(switched.id);
  const { publishedAtMs } = rotationFacts(state, switched);
  if (publishedAtMs === null || usedAtMs < publishedAtMs) {
    const message = `a token of ${rotation.newKid} was accepted at ${moment(usedAtMs)}, before the key was seen twice in a row at every vantage`;
    return addFinding(state, switched, 'early_use', message, now, writes);
  }
  const neededMs = neededLeadMs(state, switched, now.earliestMs);
  const leadMs = usedAtMs - publishedAtMs;
  if (neededMs === null || leadMs >= neededMs) return switched;
  const message = `the issuer signed with ${rotation.newKid} ${formatSpan(leadMs)} after it was published; verifiers here may take ${formatSpan(neededMs)} to learn a key`;
  return addFinding(state, switched, 'short_lead', message, now, writes);
}

function noteRemoval(
  state: State,
  rotation: RotationRecord,
  now: Now,
  writes: Write[],
): RotationRecord {
  const live = oldTokensLive(state, rotation);
  if (live === null || !live.atRemoval) return rotation;
  const { withdrawnAtMs } = rotationFacts(state, rotation);
  const message = `the issuer withdrew ${rotation.oldKid} by ${moment(withdrawnAtMs ?? now.atMs)} while tokens signed by it ${live.isKnown ? 'are' : 'may be'} live until ${moment(live.untilMs)}`;
  return addFinding(state, rotation, 'early_removal', message, now, writes);
}

function noteDisappearance(
  state: State,
  rotation: RotationRecord,
  now: Now,
  writes: Write[],
): void {
  if (rotation.switchedAtMs === null) {
    const because = `${rotation.newKid} disappeared before it was used`;
    endObserved(state, rotation, { outcome: 'aborted', because, reopens: true }, now, writes);
    return;
  }
  const back = oldKeyRecord(state, rotation)?.withdrawnAtMs === null;
  const because = `${rotation.newKid} was withdrawn after it had been used${back ? `, and ${rotation.oldKid} is served` : ''}`;
  const message = `${because}: verifiers that follow the JWKS refuse its tokens`;
  const noted = addFinding(state, rotation, 'went_back', message, now, writes);
  endObserved(state, noted, { outcome: 'aborted', because, reopens: true }, now, writes);
}
