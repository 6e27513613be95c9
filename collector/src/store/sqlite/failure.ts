import { messageOf } from '@keyturn/shared/errors.ts';
import { StoreError, type StoreErrorCode } from '../store-error.ts';

/** What to do about each kind of failure, in a sentence. */
const ADVICE: Readonly<Record<StoreErrorCode, string>> = {
  STORE_NEWER: 'Start that version, or point `data` at another directory.',
  STORE_DAMAGED:
    'Restore it (with its -wal file, if any) from a backup; or move it away to start empty, which ' +
    'forgets every rotation and token lifetime seen so far.',
  STORE_READ_ONLY:
    'Make the file and its directory writable, or point `data` at another directory.',
  STORE_FULL: 'Free space on that disk; nothing was lost, and writing goes on once there is room.',
  STORE_LOCKED: 'Stop the other collector, or point `data` at another directory.',
  STORE_FAILED: 'Check the disk and the permissions of the data directory.',
};

const WHAT: Readonly<Record<StoreErrorCode, string>> = {
  STORE_NEWER: 'was written by a newer Keyturn',
  STORE_DAMAGED: 'is damaged or is not a database',
  STORE_READ_ONLY: 'cannot be written',
  STORE_FULL: 'has no space left to grow',
  STORE_LOCKED: 'is in use by another process',
  STORE_FAILED: 'cannot be used',
};

/** A StoreError about `file`: what is wrong, the detail, and what to do. */
export function storeError(
  code: StoreErrorCode,
  file: string,
  detail: string,
  cause?: unknown,
): StoreError {
  const because = detail.length > 0 ? `: ${detail}` : '';
  return new StoreError(
    code,
    `${file} ${WHAT[code]}${because}. ${ADVICE[code]}`,
    cause === undefined ? undefined : { cause },
  );
}

/** Turns whatever SQLite or the file system threw into a StoreError. */
export function asStoreError(thrown: unknown, file: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const code = codeOf(thrown);
  return storeError(storeErrorCode(code), file, `${messageOf(thrown)} (${code})`, thrown);
}

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as { readonly code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'no code';
}

function storeErrorCode(code: string): StoreErrorCode {
  if (/^SQLITE_(?:CORRUPT|NOTADB|FORMAT|IOERR_SHORT_READ)/.test(code)) return 'STORE_DAMAGED';
  if (/^(?:SQLITE_(?:READONLY|PERM|AUTH)|EROFS|EACCES|EPERM)/.test(code)) return 'STORE_READ_ONLY';
  if (/^(?:SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) return 'STORE_FULL';
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) return 'STORE_LOCKED';
  return 'STORE_FAILED';
}
