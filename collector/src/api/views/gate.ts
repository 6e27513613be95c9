import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import type { Engine } from '../../engine-port.ts';
import { noSuchRotation } from '../api-error.ts';
import type { VerdictView } from '../schemas/verdict.ts';
import { countsOf } from './progress.ts';
import { verdictView } from './verdict.ts';

/** Evaluates a gate; throws ApiError NOT_FOUND. */
export function verdictNow(engine: Engine, rotationId: string, gate: Gate): Verdict {
  const verdict = engine.checkGate(rotationId, gate);
  if (verdict === undefined) throw noSuchRotation();
  return verdict;
}

/** A verdict with its counts and how long it may be relied on. */
export function gateView(engine: Engine, verdict: Verdict): VerdictView {
  const state = engine.state();
  const rotation = state.rotations.get(verdict.rotationId);
  const memo = state.gates.get(verdict.rotationId)?.get(verdict.gate);
  return verdictView(verdict, {
    counts: rotation === undefined ? null : countsOf(state, rotation, verdict),
    validUntilMs: verdict.evaluatedAtMs + state.policy.heartbeatMs,
    openSinceMs: memo?.status === 'open' ? memo.changedAtMs : null,
  });
}

/** Every gate of a rotation, evaluated now; throws ApiError NOT_FOUND. */
export function gateViews(engine: Engine, rotationId: string): VerdictView[] {
  return GATES.map((gate) => gateView(engine, verdictNow(engine, rotationId, gate)));
}
