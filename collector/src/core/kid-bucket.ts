import type { CountKey } from '@keyturn/shared/model/report.ts';
import type { RotationRecord } from './records.ts';
import type { State } from './state.ts';
import { isKnownKid } from './usage.ts';

/**
 * What a kid is to its issuer. `foreign`: nobody here ever knew it. `none`: the token had no kid.
 * `other`: it did not fit the agent's table, so nobody can say which it was.
 */
export const KID_BUCKETS = ['next', 'active', 'retired', 'foreign', 'none', 'other'] as const;

export type KidBucket = (typeof KID_BUCKETS)[number];

/** The bucket of a counted kid now; a rotation moves its kids on when the signer is switched. */
export function kidBucket(state: State, issuer: string, key: CountKey): KidBucket {
  if (key.kind !== 'kid') return key.kind;
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer !== issuer || rotation.endedAtMs !== null) continue;
    if (rotation.newKid === key.kid) return isSwitched(state, rotation) ? 'active' : 'next';
    if (rotation.oldKid === key.kid) return isSwitched(state, rotation) ? 'retired' : 'active';
  }
  if (!isKnownKid(state, issuer, key.kid)) return 'foreign';
  return isOutOfUse(state, issuer, key.kid) ? 'retired' : 'active';
}

// An issuer nobody hears from shows its switch by taking the old key away.
function isSwitched(state: State, rotation: RotationRecord): boolean {
  return rotation.switchedAtMs !== null || isOutOfUse(state, rotation.issuer, rotation.oldKid);
}

function isOutOfUse(state: State, issuer: string, kid: string): boolean {
  for (const record of state.issuers.get(issuer)?.keys.values() ?? []) {
    if (record.key.kid !== kid) continue;
    return record.tombstone === 'retired' || record.withdrawnAtMs !== null;
  }
  return false;
}
