import type { ActResult } from '../acts.ts';
import { issuerConfigured, judgedAt } from '../gates/health.ts';
import { rehearsalChecks, rehearsalStatus, rehearsedCheck } from '../gates/rehearsal.ts';
import type { RehearsalRecord } from '../records.ts';
import { keepRehearsal, rehearsalsOf } from '../rehearsals.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, ended, noRotation, refuse } from './result.ts';

/** A dry run of going back, kept whatever it finds. It changes nothing but the record of itself. */
export function rehearse(
  state: State,
  act: ActOf<'rehearse'>,
  now: Now,
  writes: Write[],
): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  if (rotation.outcome !== null) return ended(rotation);
  if (rotation.origin === 'observed') {
    const why = `rotation ${rotation.id} was observed, so nobody here switches its signer or could switch it back`;
    return refuse('conflict', 'rotation_id', why);
  }
  if (rotation.switchedAtMs !== null) {
    return refuse(
      'conflict',
      'rotation_id',
      `the signer was switched already; whether going back is possible says gate rollback: keyturn gate rollback --rotation ${rotation.id}`,
    );
  }
  if (!act.oldKeyAvailable) {
    return refuse(
      'invalid',
      'old_key_available',
      `expected the caller to say that the private key of ${rotation.oldKid} is there to sign with: nobody else can know`,
    );
  }
  const policy = state.policy.issuers.get(rotation.issuer);
  const checks =
    policy === undefined
      ? [issuerConfigured(rotation)]
      : rehearsalChecks(
          state,
          rotation,
          policy,
          act.by,
          judgedAt(state.issuers.get(rotation.issuer), policy, now),
        );
  const record: RehearsalRecord = {
    rotationId: rotation.id,
    number: (rehearsalsOf(state, rotation.id).at(-1)?.number ?? 0) + 1,
    by: act.by,
    atMs: now.atMs,
    status: rehearsalStatus(checks),
    checks: checks.map(rehearsedCheck),
  };
  keepRehearsal(state, record, writes);
  state.unevaluated.add(rotation.id);
  return done({ rotation, rehearsal: record });
}
