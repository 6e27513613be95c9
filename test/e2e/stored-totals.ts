import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import type { VerifierRecord } from '@keyturn/collector/core/records.ts';
import { countedRows } from '@keyturn/collector/core/counts.ts';
import { openSqliteStore } from '@keyturn/collector/store/sqlite/sqlite-store.ts';
import type { Totals } from './journal.ts';
import { totalsOf } from './journal.ts';

/** What a collector that is not running has on disk. */
export interface Stored {
  readonly verifiers: ReadonlyMap<string, VerifierRecord>;
  /** Number of the first audit entry that does not fit, or null. */
  readonly brokenAudit: number | null;
}

/** Everything ever counted of a verifier. */
export function countedTotals(record: VerifierRecord): Totals {
  return totalsOf([...countedRows(record)]);
}

/** Reads a copy, so that what the next start finds is untouched by the look. */
export async function readStored(dataDirectory: string): Promise<Stored> {
  const copy = await mkdtemp(join(tmpdir(), 'keyturn-copy-'));
  try {
    await cp(dataDirectory, copy, { recursive: true });
    const store = openSqliteStore(join(copy, 'keyturn.db'));
    try {
      const { verifiers } = store.load();
      return {
        verifiers: new Map(verifiers.map((record) => [verifierKey(record.id), record])),
        brokenAudit: store.verifyAudit(),
      };
    } finally {
      store.close();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
