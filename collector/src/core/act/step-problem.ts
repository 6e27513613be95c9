import { moment } from '@keyturn/shared/model/moment.ts';
import type { Refusal } from '../acts.ts';
import { mayBeNeeded, newKeyNeed } from '../new-key-need.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import type { ActOf } from './result.ts';

/** What a person saw longer ago than this may look otherwise by now. */
export const SEEN_VALID_MS = 900_000;

/** Why a step without a gate is not taken, and whether a named person may take it all the same. */
export interface StepProblem {
  readonly refusal: Refusal;
  readonly canBeOverridden: boolean;
}

/** Undefined: nothing but the gate of the step, if it has one, stands in its way. */
export function stepProblem(
  state: State,
  rotation: RotationRecord,
  act: ActOf<'declare'>,
  now: Now,
): StepProblem | undefined {
  switch (act.step) {
    case 'abort':
      return abortProblem(state, rotation, now);
    case 'destroy_old_key':
      return missingReason(act) ?? destructionProblem(state, rotation);
    case 'taint':
      return missingReason(act) ?? confirmationProblem(rotation, act, now);
    case 'publish':
    case 'activate':
    case 'retire':
    case 'rollback':
    case 'complete':
      return undefined;
  }
}

/** Once the rotation is gone nothing tells anybody to keep the new key published. */
function abortProblem(state: State, rotation: RotationRecord, now: Now): StepProblem | undefined {
  const need = newKeyNeed(state, rotation);
  if (!mayBeNeeded(state, rotation, need, now)) return undefined;
  const { newKid } = rotation;
  switch (need.kind) {
    case 'until':
      return conflict(
        `tokens signed by ${newKid} may be live until ${moment(need.atMs)}; keep it published and abort then, or say with an override why nobody needs it`,
        need.atMs,
      );
    case 'signs':
      return conflict(
        `the signer was switched to ${newKid}; go back first (keyturn rotation rollback ${rotation.id}), or say with an override who keeps both keys published`,
      );
    case 'no':
    case 'unknown':
      return conflict(
        `tokens signed by ${newKid} may be live without a known end${need.kind === 'unknown' ? `: ${need.why}` : ''}; say with an override why nobody needs it`,
      );
  }
}

function destructionProblem(state: State, rotation: RotationRecord): StepProblem | undefined {
  if (rotation.switchedAtMs !== null) return undefined;
  if (rotationFacts(state, rotation).withdrawnAtMs !== null) return undefined;
  return conflict(
    `the signer uses ${rotation.oldKid} until it is switched, and without its private key nothing signs; if it is gone all the same, say with an override what signs now`,
  );
}

/** Tainting the wrong key cuts off its valid tokens for ever: who does it must have looked. */
function confirmationProblem(
  rotation: RotationRecord,
  act: ActOf<'declare'>,
  now: Now,
): StepProblem | undefined {
  const { confirm } = act;
  const look = `look at the blast radius first: keyturn rotation blast-radius ${rotation.id}`;
  if (confirm == null) {
    return invalid('confirm', `expected the kid of the old key and what was seen of it; ${look}`);
  }
  if (confirm.oldKid !== rotation.oldKid) {
    return invalid(
      'confirm.old_kid',
      `expected ${rotation.oldKid}, the old key of rotation ${rotation.id}, got ${confirm.oldKid}`,
    );
  }
  const ageMs = now.atMs - confirm.seenAtMs;
  if (ageMs >= -1_000 && ageMs <= SEEN_VALID_MS) return undefined;
  return invalid(
    'confirm.seen_at',
    `expected a moment of the last 15 minutes, got ${moment(confirm.seenAtMs)}; ${look}`,
  );
}

function missingReason({ reason, step }: ActOf<'declare'>): StepProblem | undefined {
  if (reason != null) return undefined;
  return invalid('reason', `expected why, for the audit trail: nothing undoes ${step}`);
}

function conflict(message: string, clearsAtMs: number | null = null): StepProblem {
  return {
    refusal: { code: 'conflict', field: 'step', message, verdict: null, clearsAtMs },
    canBeOverridden: true,
  };
}

function invalid(field: string, message: string): StepProblem {
  return {
    refusal: { code: 'invalid', field, message, verdict: null },
    canBeOverridden: false,
  };
}
