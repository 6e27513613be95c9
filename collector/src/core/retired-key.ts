import type { RotationRecord } from './records.ts';
import { buryDroppedSecret } from './secrets/secrets.ts';
import type { Now, State } from './state.ts';
import { keyIdentity } from './state.ts';
import type { Write } from './writes.ts';

/** Marks the old key of a completed rotation: a retired kid never comes back (I3). */
export function retireOldKey(
  state: State,
  rotation: RotationRecord,
  now: Now,
  writes: Write[],
): void {
  const issuer = state.issuers.get(rotation.issuer);
  if (rotation.keyKind === 'secret' && issuer !== undefined) {
    buryDroppedSecret(issuer, rotation.oldKid, now, writes);
  }
  if (rotation.oldThumbprint === null) return;
  const identity = keyIdentity({ kid: rotation.oldKid, thumbprint: rotation.oldThumbprint });
  const record = issuer?.keys.get(identity);
  if (issuer === undefined || record === undefined) return;
  const retired = { ...record, tombstone: 'retired' as const };
  issuer.keys.set(identity, retired);
  writes.push({ kind: 'key', record: retired });
}
