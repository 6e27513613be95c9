import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { KeyRecord, RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { usageKey } from '../state.ts';
import { fail, pass, unknown } from './check.ts';

const FRESH = 'make a secret under an id that was never used, and start a rotation to it';

/** Secrets are not published, so there is nothing to look at but what verifiers say. */
export function secretsDeclared(policy: IssuerPolicy): Check {
  if (policy.sharedSecrets) {
    return pass(
      'secrets_declared',
      'policy',
      'secrets are not published: what verifiers say of themselves counts, and nothing else',
    );
  }
  return unknown(
    'secrets_declared',
    'policy',
    `issuer ${policy.issuer} is not declared with shared secrets any more`,
    { help: 'set issuers[].shared_secrets: true in the collector settings' },
  );
}

/**
 * An id stands for one secret for ever (I3). Nobody can compare secrets, so an id that was ever used
 * may stand for another one somewhere.
 */
export function secretIdentityHolds(state: State, rotation: RotationRecord): Check {
  const { newKid, startedAtMs } = rotation;
  const issuer = state.issuers.get(rotation.issuer);
  for (const record of issuer?.keys.values() ?? []) {
    const taken = takenBy(record, rotation);
    if (taken !== undefined) return fail('key_identity', 'policy', taken, { help: FRESH });
  }
  const earlier = earlierOf(state, rotation);
  if (earlier !== undefined) {
    return fail(
      'key_identity',
      'policy',
      `id ${newKid} was part of rotation ${earlier.id} (${earlier.outcome ?? 'open'}), so verifiers may hold another secret under it`,
      { sinceMs: earlier.startedAtMs, help: FRESH },
    );
  }
  const usage = state.usage.get(usageKey(rotation.issuer, newKid));
  if (usage !== undefined && usage.firstAcceptedAtMs < startedAtMs) {
    return fail(
      'key_identity',
      'policy',
      `tokens under ${newKid} were accepted at ${moment(usage.firstAcceptedAtMs)}, before the rotation began`,
      { sinceMs: usage.firstAcceptedAtMs, help: FRESH },
    );
  }
  return pass('key_identity', 'policy', 'each id stands for one secret');
}

function takenBy(record: KeyRecord, rotation: RotationRecord): string | undefined {
  const { kid, thumbprint, alg } = record.key;
  if (kid !== rotation.newKid && kid !== rotation.oldKid) return undefined;
  if (thumbprint !== '') return `id ${kid} is the kid of a public key in the JWKS`;
  if (alg !== rotation.alg)
    return `id ${kid} is known for ${alg}, the rotation is for ${rotation.alg}`;
  if (record.tombstone !== null && kid === rotation.newKid) return `id ${kid} was retired before`;
  return undefined;
}

function earlierOf(state: State, rotation: RotationRecord): RotationRecord | undefined {
  return [...state.rotations.values()].find(
    (other) =>
      other.id !== rotation.id &&
      other.issuer === rotation.issuer &&
      other.startedAtMs <= rotation.startedAtMs &&
      (other.newKid === rotation.newKid || other.oldKid === rotation.newKid),
  );
}
