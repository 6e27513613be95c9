import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import { fail, pass, unknown } from './check.ts';

/** Somebody says that the new key signs; a rollback takes that back. Of an observed rotation it is seen. */
export function signerSwitched(rotation: RotationRecord): Check {
  if (rotation.switchedAtMs !== null) {
    return pass(
      'signer_switched',
      rotation.origin === 'observed' ? 'evidence' : 'policy',
      rotation.origin === 'observed'
        ? `the issuer was seen to sign with ${rotation.newKid} at ${moment(rotation.switchedAtMs)}`
        : `the signer was switched at ${moment(rotation.switchedAtMs)}`,
      {
        sinceMs: rotation.switchedAtMs,
      },
    );
  }
  if (rotation.origin === 'observed') {
    return unknown(
      'signer_switched',
      'evidence',
      `no token signed by ${rotation.newKid} has been accepted, so nothing shows that the issuer switched`,
      { sinceMs: rotation.startedAtMs, help: 'wait' },
    );
  }
  return fail('signer_switched', 'policy', 'nobody has declared that the signer was switched', {
    sinceMs: rotation.startedAtMs,
    help: `keyturn rotation activate ${rotation.id}`,
  });
}
