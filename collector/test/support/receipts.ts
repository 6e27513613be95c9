import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openReceiptKeys, type ReceiptKeys } from '../../src/receipt/receipt-keys.ts';

/** Keys for receipts that nobody finds on disk afterwards. */
export function memoryReceiptKeys(): ReceiptKeys {
  const directory = mkdtempSync(path.join(tmpdir(), 'keyturn-receipts-'));
  try {
    return openReceiptKeys(directory, Date.UTC(2026, 0, 1));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
