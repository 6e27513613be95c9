import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
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
    createWhole(file, freshDatabase());
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

function createWhole(file: string, content: Buffer): void {
  const draft = `${file}.new-${randomBytes(6).toString('hex')}`;
  try {
    writeWhole(draft, content);
    nameIt(draft, file);
    syncDirectory(path.dirname(file));
  } catch (thrown) {
    removeDraft(draft);
    throw asStoreError(thrown, file);
  }
}

function writeWhole(draft: string, content: Buffer): void {
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    for (let written = 0; written < content.length; ) {
      written += writeSync(descriptor, content, written);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A link never replaces: when two collectors start at once, the second one finds the first one's. */
function nameIt(draft: string, file: string): void {
  try {
    linkSync(draft, file);
    unlinkSync(draft);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') unlinkSync(draft);
    // File systems without hard links.
    else if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
      renameSync(draft, file);
    } else throw thrown;
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeDraft(draft: string): void {
  try {
    unlinkSync(draft);
  } catch {
    // Never made, or already under its name; the first failure is the one to tell.
  }
}
