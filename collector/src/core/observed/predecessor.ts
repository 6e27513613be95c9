import { isSecretKey } from '@keyturn/shared/model/secret-keys.ts';
import type { KeyRecord } from '../records.ts';
import type { IssuerState, State } from '../state.ts';
import { usageKey } from '../state.ts';
import { firstUseMs } from './use.ts';

/**
 * The key that `next` is to replace: of those served when it appeared, and of its algorithm if there
 * is one, the one that signed last by the tokens accepted, else the longest served; with none left,
 * the one withdrawn last.
 */
export function predecessorOf(
  state: State,
  issuer: IssuerState,
  next: KeyRecord,
): KeyRecord | undefined {
  const others = [...issuer.keys.values()].filter(
    (record) => record.key.kid !== next.key.kid && !isSecretKey(record.key),
  );
  const served = others.filter(
    (record) =>
      (record.withdrawnAtMs === null || record.withdrawnAtMs >= next.firstSeenAtMs) &&
      // What nobody has used yet is to come as well; it is not what signs.
      (!record.unclaimed || firstUseMs(state, issuer.issuer, record.key.kid) !== null),
  );
  const fitting = [
    served.filter((record) => record.key.alg === next.key.alg),
    served.filter((record) => record.key.alg === '' || next.key.alg === ''),
    served,
  ].find((records) => records.length > 0);
  const [best] = (fitting ?? []).sort((a, b) => byUse(state, a, b));
  return best ?? lastWithdrawn(others);
}

function byUse(state: State, a: KeyRecord, b: KeyRecord): number {
  const used = (record: KeyRecord): readonly [number, number] => {
    const usage = state.usage.get(usageKey(record.issuer, record.key.kid));
    return [usage?.highestIatS ?? 0, usage?.lastAcceptedAtMs ?? 0];
  };
  const [iatA, acceptedA] = used(a);
  const [iatB, acceptedB] = used(b);
  return iatB - iatA || acceptedB - acceptedA || a.firstSeenAtMs - b.firstSeenAtMs;
}

function lastWithdrawn(records: readonly KeyRecord[]): KeyRecord | undefined {
  return records
    .filter((record) => record.withdrawnAtMs !== null && record.tombstone === null)
    .sort((a, b) => (b.withdrawnAtMs ?? 0) - (a.withdrawnAtMs ?? 0))[0];
}
