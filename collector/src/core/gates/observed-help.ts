import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';

/** What would help with checks that a declared rotation answers by an act of the issuer's owner. */
const ASK: ReadonlyMap<string, string> = new Map([
  ['key_identity', 'ask whoever runs the issuer why one kid stands for several keys'],
  ['new_key_in_use', 'wait: the issuer switches when it likes'],
  ['old_key_published', 'ask whoever runs the issuer to publish the old key again'],
  ['old_key_withdrawn', 'wait: the issuer withdraws the old key when it likes'],
  ['signer_switched', 'wait: the issuer switches when it likes'],
  ['tokens_have_kid', 'ask whoever runs the issuer to set `kid` in every token header'],
]);

/** Nobody who reads the verdict of an observed rotation can do what the plain help line says. */
export function observedHelp(rotation: RotationRecord, check: Check): Check {
  if (rotation.origin === 'declared' || check.help === '') return check;
  return { ...check, help: ASK.get(check.id) ?? check.help };
}
