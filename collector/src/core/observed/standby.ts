import { isSecretKey } from '@keyturn/shared/model/secret-keys.ts';
import type { UsageRecord } from '../records.ts';
import type { IssuerState, State } from '../state.ts';
import { usageKey } from '../state.ts';
import type { Write } from '../writes.ts';
import { setUnclaimed } from './claim.ts';

/** Another key must have been in use alone for this long before the use of a second one is a switch. */
export const ALONE_MS = 3_600_000;

/**
 * A key that was there from the start is no news until it is used: the first token of one that no
 * rotation has named, long after those of another key, shows that the issuer switches to it.
 */
export function noteFirstUse(state: State, usage: UsageRecord, writes: Write[]): void {
  const { kid } = usage;
  if (kid === null || usage.firstAcceptedAtMs !== usage.lastAcceptedAtMs) return;
  const issuer = state.issuers.get(usage.issuer);
  if (issuer === undefined || !followsAnother(state, issuer, usage)) return;
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer !== usage.issuer) continue;
    if (rotation.newKid === kid || rotation.oldKid === kid) return;
  }
  for (const record of issuer.keys.values()) {
    if (record.key.kid !== kid || record.tombstone !== null || isSecretKey(record.key)) continue;
    if (record.withdrawnAtMs === null) setUnclaimed(issuer, record, true, writes);
  }
}

function followsAnother(state: State, issuer: IssuerState, usage: UsageRecord): boolean {
  for (const { key } of issuer.keys.values()) {
    if (key.kid === usage.kid) continue;
    const other = state.usage.get(usageKey(issuer.issuer, key.kid));
    if (other === undefined || other.lastAcceptedAtMs - other.firstAcceptedAtMs < ALONE_MS)
      continue;
    if (usage.firstAcceptedAtMs - other.firstAcceptedAtMs >= ALONE_MS) return true;
  }
  return false;
}
