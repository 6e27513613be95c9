import { accessSync, constants, existsSync, mkdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { createWholeFile } from '../../whole-file.ts';
import { asStoreError, storeError } from './failure.ts';

/**
 * Makes sure a usable database file is at `file`, making an empty one when there is none. The new
 * file appears whole under its name or not at all, so an empty or partial file is always damage and
 * never taken for a fresh start, which would forget the token lifetimes seen so far.
 *
 * @throws StoreError
 */
export function preparePlace(file: string, freshDatabase: () => Buffer): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw asStoreError(thrown, path.dirname(file));
  }
  const found = statOf(file);
  if (found === undefined) {
    refuseOrphanedLog(file);
    create(file, freshDatabase());
  } else {
    refuseUnusable(file, found);
  }
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (thrown) {
    throw asStoreError(thrown, file);
  }
}

/** SQLite would delete a log without its database; it may hold the only copy of committed data. */
function refuseOrphanedLog(file: string): void {
  if (existsSync(`${file}-wal`)) {
    throw storeError('STORE_DAMAGED', file, `the file is missing but ${file}-wal is there`);
  }
}

function refuseUnusable(file: string, found: Stats): void {
  if (!found.isFile()) throw storeError('STORE_FAILED', file, 'it is not a regular file');
  if (found.size === 0) throw storeError('STORE_DAMAGED', file, 'it is empty (0 bytes)');
  // `access` tells of read-only mounts and immutable files even to root, without opening the file:
  // closing a second descriptor would drop the locks of a store already open in this process.
  for (const [place, mode] of [
    [file, constants.R_OK | constants.W_OK],
    [path.dirname(file), constants.W_OK | constants.X_OK],
  ] as const) {
    try {
      accessSync(place, mode);
    } catch (thrown) {
      throw asStoreError(thrown, place);
    }
  }
}

function create(file: string, content: Buffer): void {
  try {
    createWholeFile(file, content);
  } catch (thrown) {
    throw asStoreError(thrown, file);
  }
}
