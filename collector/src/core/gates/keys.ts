import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { servedEverywhere } from '../issuers.ts';
import type { RotationRecord } from '../records.ts';
import { newKeyRecord, oldKeyRecord } from '../rotation.ts';
import type { State } from '../state.ts';
import { isTainted } from '../tainted-key.ts';
import { fail, pass, unknown } from './check.ts';

/** The new key is served at every vantage, seen twice in a row: Tpub is known. */
export function newKeyPublished(state: State, rotation: RotationRecord): Check {
  const record = newKeyRecord(state, rotation);
  const issuer = state.issuers.get(rotation.issuer);
  if (record === undefined || record.publishedAtMs === null) {
    return fail(
      'new_key_published',
      'evidence',
      record === undefined
        ? `key ${rotation.newKid} has not been seen in the JWKS`
        : `key ${rotation.newKid} has not been seen twice in a row at every vantage`,
      { sinceMs: record?.firstSeenAtMs ?? rotation.startedAtMs },
    );
  }
  if (issuer === undefined || !servedEverywhere(issuer, record.key)) {
    return unknown(
      'new_key_published',
      'evidence',
      `key ${rotation.newKid} has not been seen since the collector started`,
      { sinceMs: state.health.startedAtMs },
    );
  }
  return pass(
    'new_key_published',
    'evidence',
    `key ${rotation.newKid} is served at every vantage since ${moment(record.publishedAtMs)}`,
    { sinceMs: record.publishedAtMs },
  );
}

/** Publishing a key must not have replaced the one that signs. */
export function oldKeyPublished(state: State, rotation: RotationRecord): Check {
  const record = oldKeyRecord(state, rotation);
  const issuer = state.issuers.get(rotation.issuer);
  if (record === undefined || record.publishedAtMs === null) {
    return fail(
      'old_key_published',
      'evidence',
      `key ${rotation.oldKid} is not served at every vantage, and tokens signed by it may be live`,
      { help: `publish ${rotation.oldKid} again at every origin` },
    );
  }
  if (issuer === undefined || !servedEverywhere(issuer, record.key)) {
    return unknown(
      'old_key_published',
      'evidence',
      `key ${rotation.oldKid} has not been seen since the collector started`,
      { sinceMs: state.health.startedAtMs },
    );
  }
  return pass('old_key_published', 'evidence', `key ${rotation.oldKid} is still served`);
}

/** (iss, kid) has one thumbprint for ever, and a retired kid never comes back: I3. */
export function keyIdentityHolds(state: State, rotation: RotationRecord): Check {
  const issuer = state.issuers.get(rotation.issuer);
  for (const kid of [rotation.newKid, rotation.oldKid]) {
    if (issuer?.reusedKids.has(kid) === true) {
      return fail(
        'key_identity',
        'policy',
        `kid ${kid} has been seen with more than one thumbprint; verifiers may hold either`,
        { help: 'generate a key under a kid that was never used, and start a rotation to it' },
      );
    }
  }
  if (isTainted(state, rotation.issuer, newKeyOf(rotation))) {
    return fail('key_identity', 'policy', `${rotation.newKid} is tainted and must not sign again`, {
      help: 'generate a key under a kid that was never used',
    });
  }
  for (const record of issuer?.keys.values() ?? []) {
    if (record.key.kid !== rotation.newKid) continue;
    if (record.tombstone === 'retired') {
      return fail('key_identity', 'policy', `kid ${rotation.newKid} was retired before`, {
        help: 'generate a key under a kid that was never used',
      });
    }
    if (rotation.newThumbprint !== null && record.key.thumbprint !== rotation.newThumbprint) {
      return fail(
        'key_identity',
        'policy',
        `kid ${rotation.newKid} is published with thumbprint ${record.key.thumbprint}, the rotation named ${rotation.newThumbprint}`,
        { sinceMs: record.firstSeenAtMs },
      );
    }
    if (record.key.alg !== '' && record.key.alg !== rotation.alg) {
      return fail(
        'key_identity',
        'policy',
        `kid ${rotation.newKid} is published for ${record.key.alg}, the rotation is for ${rotation.alg}`,
        { sinceMs: record.firstSeenAtMs },
      );
    }
  }
  return pass('key_identity', 'policy', 'each kid stands for one key');
}

function newKeyOf({ newKid, newThumbprint }: RotationRecord) {
  return { kid: newKid, thumbprint: newThumbprint };
}
