import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { fail, offender, pass, quoted } from './check.ts';
import { Offenders } from './dependents.ts';

/**
 * Nobody is known to take a token with a signature that no key made. Whoever does is not protected by
 * any key, and its word on the new one means nothing (RFC 8509 calls it nonV).
 */
export function rejectsBogus(state: State, rotation: RotationRecord): Check {
  const found = new Offenders();
  for (const verifier of state.fleet.takesAnything) {
    if (verifier.liveness === 'departed') continue;
    const held = verifier.record.probes.find((probe) => probe.issuer === rotation.issuer);
    if (held?.bogusAcceptedAtMs == null) continue;
    const isRequired = verifier.groups.some(
      (group) => group.issuer === rotation.issuer && group.service.required,
    );
    if (!isRequired) continue;
    const atMs = held.bogusAcceptedAtMs;
    const detail = `accepted a token with a signature that nobody made at ${moment(atMs)}`;
    found.add(offender(verifier, 'accepts_bogus', atMs, detail));
  }
  const [first] = found.shown;
  if (first === undefined) {
    return pass('rejects_bogus', 'evidence', 'no verifier is known to accept a bogus signature');
  }
  return fail(
    'rejects_bogus',
    'evidence',
    `${counted(found.count, 'verifier')} accepted a token with a signature that nobody made`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      sinceMs: found.oldestMs,
      help: `make ${quoted(first.service)} verify signatures, then probe it again: keyturn rotation canary ${rotation.id} --next FILE --current FILE`,
    },
  );
}
