import type { Check, Gate } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';

/** Gates on the way to the new key; `purge` and `rollback` ask the same in an emergency. */
const HURRIED: ReadonlySet<Gate> = new Set(['publish', 'activate', 'retire']);

/** With the old key tainted, a check that policy names does not block. What it found is still said. */
export function skippedInEmergency(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  check: Check,
): Check {
  if (!rotation.tainted || check.status === 'pass' || check.status === 'waived') return check;
  if (!HURRIED.has(gate) || !state.policy.emergency.skip.includes(check.id)) return check;
  return {
    ...check,
    status: 'waived',
    message: `${check.message} (skipped while ${rotation.oldKid} is tainted: policy.emergency.skip)`,
    clearsAtMs: null,
    help: '',
  };
}

/** Spub as it holds for this rotation, milliseconds. */
export function publishSafetyMs(state: State, rotation: RotationRecord): number {
  return rotation.tainted ? state.policy.emergency.publishSafetyMs : state.policy.publishSafetyMs;
}
