import type { KeyRecord } from '../records.ts';
import type { IssuerState } from '../state.ts';
import { keyIdentity } from '../state.ts';
import type { Write } from '../writes.ts';

/** A rotation names this kid as its new one: the presence of the key opens nothing any more. */
export function claimKid(issuer: IssuerState, kid: string, writes: Write[]): void {
  for (const identity of issuer.unclaimed) {
    const record = issuer.keys.get(identity);
    if (record?.key.kid === kid) setUnclaimed(issuer, record, false, writes);
  }
}

/** Says whether a key may open an observed rotation. */
export function setUnclaimed(
  issuer: IssuerState,
  record: KeyRecord,
  unclaimed: boolean,
  writes: Write[],
): void {
  const identity = keyIdentity(record.key);
  if (unclaimed) issuer.unclaimed.add(identity);
  else issuer.unclaimed.delete(identity);
  if (record.unclaimed === unclaimed) return;
  const next = { ...record, unclaimed };
  issuer.keys.set(identity, next);
  writes.push({ kind: 'key', record: next });
}
