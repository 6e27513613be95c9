import type { Gate } from '@keyturn/shared/model/verdict.ts';
import type { ActResult } from '../acts.ts';
import { tellStepTaken } from '../alerts/step-news.ts';
import { blastRadius } from '../blast-radius.ts';
import { evaluateGate } from '../evaluate.ts';
import { firstReason } from '../gates/verdict.ts';
import type { Declaration, RotationRecord, Step } from '../records.ts';
import { declareObserved } from '../observed/dismiss.ts';
import { retireOldKey } from '../retired-key.ts';
import { keepRotation, releaseRotation, restandAll } from '../rotation.ts';
import { takeEvidence } from '../snapshot/take.ts';
import type { Now, State } from '../state.ts';
import { attributableFailures } from '../usage.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, ended, noRotation } from './result.ts';
import { stepProblem } from './step-problem.ts';

const GATE_OF_STEP: Readonly<Record<Step, Gate | null>> = {
  publish: 'publish',
  activate: 'activate',
  retire: 'retire',
  complete: 'purge',
  rollback: 'rollback',
  abort: null,
  taint: null,
  destroy_old_key: null,
};

/** Records a step as taken: with its gate open, or against it by a named override. */
export function declare(state: State, act: ActOf<'declare'>, now: Now, writes: Write[]): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  if (rotation.outcome !== null) return ended(rotation);
  if (rotation.origin === 'observed') return declareObserved(state, rotation, act, now, writes);
  const gate = GATE_OF_STEP[act.step];
  const verdict = gate === null ? null : evaluateGate(state, rotation, gate, now, writes);
  if (verdict !== null && verdict.status !== 'open' && act.overrideReason === null) {
    return {
      ok: false,
      refusal: {
        code: 'gate_not_open',
        field: 'step',
        message: `gate ${verdict.gate} is ${verdict.status}: ${firstReason(verdict)}`,
        verdict,
      },
    };
  }
  const problem = stepProblem(state, rotation, act, now);
  if (problem !== undefined && !(problem.canBeOverridden && act.overrideReason !== null)) {
    return { ok: false, refusal: problem.refusal };
  }
  const isOverridden = problem !== undefined || (verdict !== null && verdict.status !== 'open');
  const declaration: Declaration = {
    atMs: now.atMs,
    by: act.by,
    overrideReason: isOverridden ? act.overrideReason : null,
    reason: act.reason ?? null,
  };
  const next = afterStep(state, rotation, act, declaration, now);
  keepRotation(state, next, writes);
  const { step, by } = act;
  const { overrideReason, reason } = declaration;
  takeEvidence(
    state,
    next,
    { kind: 'step', step, by, overrideReason, reason },
    verdict,
    now,
    writes,
  );
  // Evidence from before counts no more, so nobody is known to hold the new key until heard again.
  if (next.rolledBackAtMs !== rotation.rolledBackAtMs) {
    state.steadySinceMs.delete(next.id);
    restandAll(state, next, now);
  }
  tellStepTaken(state, next, { step, by, why: overrideReason ?? reason }, now, writes);
  if (next.tainted && !rotation.tainted) writes.push(radiusAtTaint(state, next, now));
  if (next.endedAtMs !== null) {
    releaseRotation(state, next);
    if (next.outcome === 'completed') retireOldKey(state, next, now, writes);
  }
  state.unevaluated.add(next.id);
  return done({ rotation: next, verdict });
}

function afterStep(
  state: State,
  rotation: RotationRecord,
  act: ActOf<'declare'>,
  declaration: Declaration,
  now: Now,
): RotationRecord {
  // What nothing undoes happened when it was first said.
  const first =
    act.step === 'taint' || act.step === 'destroy_old_key'
      ? rotation.declared[act.step]
      : undefined;
  const declared = { ...rotation.declared, [act.step]: first ?? declaration };
  const next = { ...rotation, declared };
  switch (act.step) {
    case 'publish':
    case 'retire':
    case 'destroy_old_key':
      return next;
    case 'activate':
      // A second declaration can only move the switch later: the old key may have signed until then.
      return {
        ...next,
        switchedAtMs: now.atMs,
        switchSeenAtMs: null,
        firstSwitchedAtMs: rotation.firstSwitchedAtMs ?? now.atMs,
        failuresAtSwitch:
          rotation.switchedAtMs === null
            ? attributableFailures(state, rotation.issuer, rotation.newKid)
            : rotation.failuresAtSwitch,
      };
    case 'rollback':
      return {
        ...next,
        switchedAtMs: null,
        switchSeenAtMs: null,
        firstSwitchedAtMs: null,
        rolledBackAtMs: now.atMs,
      };
    case 'taint':
      return { ...next, tainted: true };
    case 'abort':
      return { ...next, endedAtMs: now.atMs, outcome: 'aborted' };
    case 'complete':
      return { ...next, endedAtMs: now.atMs, outcome: 'completed' };
  }
}

/** What the collector itself counted when a key was tainted, whatever was looked at before. */
function radiusAtTaint(state: State, rotation: RotationRecord, now: Now): Write {
  const { keys, services, summary, uncounted } = blastRadius(state, rotation, now);
  const unbounded = services.filter((service) => service.dropBoundMs === null);
  return {
    kind: 'audit',
    record: {
      atMs: now.atMs,
      kind: 'observation',
      rotationId: rotation.id,
      actor: 'keyturn',
      action: 'blast_radius',
      message: `${rotation.oldKid} was tainted: ${summary}`,
      detail: { keys, uncounted, unbounded: unbounded.slice(0, 100).map(({ service }) => service) },
    },
  };
}
