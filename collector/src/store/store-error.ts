import { KeyturnError } from '@keyturn/shared/errors.ts';

/**
 * Why a store does not work:
 *
 * - `STORE_NEWER`: written by a newer Keyturn.
 * - `STORE_DAMAGED`: not a database, truncated, or a row that cannot be read.
 * - `STORE_READ_ONLY`: the file, its directory or its file system takes no writes.
 * - `STORE_FULL`: no space left.
 * - `STORE_LOCKED`: another process holds the file.
 * - `STORE_FAILED`: anything else, such as a failing disk or another application's database.
 */
export type StoreErrorCode =
  | 'STORE_NEWER'
  | 'STORE_DAMAGED'
  | 'STORE_READ_ONLY'
  | 'STORE_FULL'
  | 'STORE_LOCKED'
  | 'STORE_FAILED';

/** The store could not be opened, read or written; the message says what to do. Nothing was changed. */
export class StoreError extends KeyturnError {
  declare readonly code: StoreErrorCode;

  // oxlint-disable-next-line no-useless-constructor -- narrows the code
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
