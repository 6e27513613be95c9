import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { fail, pass } from './check.ts';
import { statusOf } from './verdict.ts';

/**
 * All other checks have passed without a break for `policy.stable_for`: a replica that flaps, an edge
 * that falls back or a verifier that restarts shows within it. `others` are with waivers applied.
 * Keeps the moment the run began; memory of it ends with the process, so a restart begins anew.
 */
export function stable(
  state: State,
  rotation: RotationRecord,
  others: readonly Check[],
  now: Now,
): Check {
  const { stableForMs } = state.policy;
  const sinceMs = keepRun(state, rotation, statusOf(others) === 'open', now);
  if (stableForMs === 0) return pass('stable', 'time', 'the policy asks for no time of stability');
  // The others say why the gate is shut; this one would only add that it has not begun.
  if (sinceMs === null) {
    return pass(
      'stable',
      'time',
      `all other checks have to pass first, then for ${stableForMs / 1_000} s without a break`,
    );
  }
  const clearsAtMs = sinceMs + stableForMs;
  if (now.earliestMs >= clearsAtMs) {
    return pass('stable', 'time', `all other checks pass since ${moment(sinceMs)}`, { sinceMs });
  }
  return fail(
    'stable',
    'time',
    `all other checks pass since ${moment(sinceMs)}, and have to without a break until ${moment(clearsAtMs)}`,
    { sinceMs, clearsAtMs },
  );
}

/** Since when the run goes on; null while there is none. */
function keepRun(state: State, rotation: RotationRecord, goesOn: boolean, now: Now): number | null {
  if (!goesOn) {
    state.steadySinceMs.delete(rotation.id);
    return null;
  }
  const sinceMs = state.steadySinceMs.get(rotation.id) ?? now.atMs;
  state.steadySinceMs.set(rotation.id, sinceMs);
  return sinceMs;
}
