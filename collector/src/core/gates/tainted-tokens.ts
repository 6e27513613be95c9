import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { refusedSentence } from '../blast-radius.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { fail, pass, unknown } from './check.ts';

/**
 * In place of every rule that waits for the last old token: tokens of a stolen key must die, so what
 * is waited for is the switch, and the grace that policy gives after it.
 */
export function taintedTokens(state: State, rotation: RotationRecord, now: Now): Check {
  const { switchedAtMs, switchSeenAtMs } = rotation;
  if (switchedAtMs === null || switchSeenAtMs === null) {
    return unknown(
      'tainted_tokens',
      'time',
      `${rotation.oldKid} is tainted; its tokens are cut off once the new key is seen in use`,
      { sinceMs: rotation.declared.taint?.atMs ?? null },
    );
  }
  const endsAtMs = Math.max(switchedAtMs, switchSeenAtMs) + state.policy.emergency.retireGraceMs;
  const refused = refusedSentence(state, rotation, now);
  if (now.earliestMs >= endsAtMs) {
    return pass(
      'tainted_tokens',
      'time',
      `${rotation.oldKid} is tainted, so its valid tokens will be refused: ${refused}`,
      { sinceMs: endsAtMs },
    );
  }
  return fail(
    'tainted_tokens',
    'time',
    `${rotation.oldKid} is tainted, and policy honours its tokens until ${moment(endsAtMs)} (policy.emergency.retire_grace)`,
    { sinceMs: switchSeenAtMs, clearsAtMs: endsAtMs },
  );
}
