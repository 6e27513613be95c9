import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RehearsalRecord, RotationRecord } from '../records.ts';
import { rehearsalsOf } from '../rehearsals.ts';
import type { Now, State } from '../state.ts';
import { fail, pass } from './check.ts';

/** Where policy asks for it: that going back is possible was shown for this rotation, lately. */
export function rehearsed(state: State, rotation: RotationRecord, now: Now): Check {
  const { requireRehearsal, rehearsalValidForMs } = state.policy.rollback;
  const all = rehearsalsOf(state, rotation.id);
  const latest = all.findLast(({ status }) => status === 'passed');
  if (!requireRehearsal) {
    return pass('rehearsed', 'policy', 'policy asks for no rehearsal of going back');
  }
  const help = `keyturn rotation rehearse ${rotation.id} --old-key-available`;
  if (rotation.tainted) {
    return fail(
      'rehearsed',
      'policy',
      `${rotation.oldKid} is tainted, so going back cannot be rehearsed any more`,
      {
        sinceMs: rotation.declared.taint?.atMs ?? rotation.startedAtMs,
        help: `name rehearsed under policy.emergency.skip, or: keyturn waive activate rehearsed --rotation ${rotation.id} --reason "the old key is tainted" --valid-for 1h`,
      },
    );
  }
  if (latest === undefined) {
    return fail('rehearsed', 'policy', 'no rehearsal of going back has passed', {
      sinceMs: rotation.startedAtMs,
      help,
    });
  }
  const last = all.at(-1);
  if (last !== undefined && last.status !== 'passed') {
    return fail(
      'rehearsed',
      'policy',
      `the last rehearsal of going back, at ${moment(last.atMs)}, did not pass`,
      { sinceMs: last.atMs, help },
    );
  }
  const voided = voidedBy(rotation, latest);
  if (voided !== undefined) {
    return fail(
      'rehearsed',
      'policy',
      `the rehearsal of ${moment(latest.atMs)} counts no more: ${voided.why}`,
      { sinceMs: voided.atMs, help },
    );
  }
  if (now.atMs - latest.atMs > rehearsalValidForMs) {
    return fail(
      'rehearsed',
      'policy',
      `the last rehearsal that passed was at ${moment(latest.atMs)}, which is too long ago`,
      { sinceMs: latest.atMs + rehearsalValidForMs, help },
    );
  }
  return pass('rehearsed', 'policy', `going back was rehearsed at ${moment(latest.atMs)}`, {
    sinceMs: latest.atMs,
  });
}

function voidedBy(
  rotation: RotationRecord,
  rehearsal: RehearsalRecord,
): { readonly why: string; readonly atMs: number } | undefined {
  const { rolledBackAtMs } = rotation;
  if (rolledBackAtMs !== null && rolledBackAtMs >= rehearsal.atMs) {
    return { why: 'the signer went back since, and starts anew', atMs: rolledBackAtMs };
  }
  const destroyed = rotation.declared.destroy_old_key;
  if (destroyed !== undefined && destroyed.atMs >= rehearsal.atMs) {
    return { why: 'the old private key was destroyed since', atMs: destroyed.atMs };
  }
  return undefined;
}
