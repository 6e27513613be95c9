import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { fail, pass } from './check.ts';

/**
 * The old private key can still sign: it was not destroyed, its public half was not withdrawn, and
 * the time the issuer keeps it is not over. Time closes this one, so the later clock decides.
 */
export function rollbackWindow(state: State, rotation: RotationRecord, now: Now): Check {
  const closed = whyClosed(state, rotation, now);
  if (closed !== undefined) {
    return fail('rollback_window', 'policy', closed.message, { sinceMs: closed.sinceMs });
  }
  const { windowMs } = state.policy.rollback;
  const fromMs = rotation.firstSwitchedAtMs;
  return pass(
    'rollback_window',
    'policy',
    fromMs === null
      ? `the issuer keeps ${signsWith(rotation)} for a time after the switch`
      : `the issuer keeps ${signsWith(rotation)} until ${moment(fromMs + windowMs)}`,
    { sinceMs: fromMs },
  );
}

function signsWith({ keyKind, oldKid }: RotationRecord): string {
  return keyKind === 'secret' ? `secret ${oldKid}` : `the private key of ${oldKid}`;
}

interface Closed {
  readonly message: string;
  readonly sinceMs: number | null;
}

function whyClosed(state: State, rotation: RotationRecord, now: Now): Closed | undefined {
  const destroyed = rotation.declared.destroy_old_key;
  if (destroyed !== undefined) {
    return {
      message: `${destroyed.by} says that ${signsWith(rotation)} was destroyed at ${moment(destroyed.atMs)}, so nothing can sign with it`,
      sinceMs: destroyed.atMs,
    };
  }
  const { withdrawnAtMs } = rotationFacts(state, rotation);
  if (withdrawnAtMs !== null) {
    return {
      message: `${rotation.oldKid} was withdrawn at ${moment(withdrawnAtMs)}, which ends the time for going back`,
      sinceMs: withdrawnAtMs,
    };
  }
  const { windowMs } = state.policy.rollback;
  if (windowMs === 0) {
    return {
      message: `the issuer keeps no private key after a switch (policy.rollback_window: 0)`,
      sinceMs: rotation.firstSwitchedAtMs,
    };
  }
  if (rotation.firstSwitchedAtMs === null) return undefined;
  const endsAtMs = rotation.firstSwitchedAtMs + windowMs;
  if (now.atMs < endsAtMs) return undefined;
  return {
    message: `the issuer kept ${signsWith(rotation)} until ${moment(endsAtMs)} (policy.rollback_window)`,
    sinceMs: endsAtMs,
  };
}

/** Until when the issuer keeps the old private key, Unix ms; null: not switched, or not kept. */
export function rollbackUntilMs(state: Readonly<State>, rotation: RotationRecord): number | null {
  const { windowMs } = state.policy.rollback;
  if (rotation.firstSwitchedAtMs === null || windowMs === 0) return null;
  if (rotation.declared.destroy_old_key !== undefined) return null;
  return rotation.firstSwitchedAtMs + windowMs;
}
