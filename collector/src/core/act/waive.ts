import type { ActResult } from '../acts.ts';
import { evaluateGate } from '../evaluate.ts';
import { UNWAIVABLE } from '../gates/verdict.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, ended, noRotation, refuse, validityProblem } from './result.ts';

/** A named person sets one check of one gate aside for a time. */
export function waive(state: State, act: ActOf<'waive'>, now: Now, writes: Write[]): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  if (rotation.outcome !== null) return ended(rotation);
  if (state.waivers.has(act.id)) {
    return refuse('conflict', 'id', `waiver ${act.id} exists already`);
  }
  const verdict = evaluateGate(state, rotation, act.gate, now, writes);
  const known = verdict.checks.map((check) => check.id);
  if (!known.includes(act.checkId)) {
    return refuse('invalid', 'check_id', `expected one of ${known.join(', ')}, got ${act.checkId}`);
  }
  if (UNWAIVABLE.has(act.checkId)) {
    return refuse('invalid', 'check_id', `check ${act.checkId} cannot be waived`);
  }
  const validity = validityProblem(act.validForMs);
  if (validity !== undefined) return refuse('invalid', 'valid_for', validity);
  const record = {
    id: act.id,
    rotationId: rotation.id,
    gate: act.gate,
    checkId: act.checkId,
    by: act.by,
    reason: act.reason,
    atMs: now.atMs,
    expiresAtMs: now.atMs + act.validForMs,
  };
  state.waivers.set(record.id, record);
  state.unevaluated.add(rotation.id);
  writes.push({ kind: 'waiver', record });
  return done({ rotation, waiver: record });
}
