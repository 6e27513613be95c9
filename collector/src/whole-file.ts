import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/**
 * Makes a file readable by its owner alone that appears whole under its name, synced, or not at all.
 * Never replaces one: of two processes that start at once, the second finds the first one's.
 *
 * @returns false when the file was there already.
 * @throws what the file system throws; nothing is left behind.
 */
export function createWholeFile(file: string, content: Uint8Array): boolean {
  const draft = `${file}.new-${randomBytes(6).toString('hex')}`;
  try {
    writeDraft(draft, content);
    const created = giveName(draft, file);
    syncDirectory(path.dirname(file));
    return created;
  } catch (thrown) {
    removeIfThere(draft);
    throw thrown;
  }
}

/**
 * Gives a file new content, whole and synced or not at all, readable by its owner alone.
 *
 * @throws what the file system throws; the file is then as it was.
 */
export function replaceWholeFile(file: string, content: Uint8Array): void {
  const draft = `${file}.new-${randomBytes(6).toString('hex')}`;
  try {
    writeDraft(draft, content);
    renameSync(draft, file);
    syncDirectory(path.dirname(file));
  } catch (thrown) {
    removeIfThere(draft);
    throw thrown;
  }
}

function writeDraft(draft: string, content: Uint8Array): void {
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

const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

function giveName(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') {
      unlinkSync(draft);
      return false;
    }
    if (!NO_HARD_LINKS.has(code)) throw thrown;
    renameSync(draft, file);
    return true;
  }
  unlinkSync(draft);
  return true;
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeIfThere(draft: string): void {
  try {
    unlinkSync(draft);
  } catch {
    // Never made, or already under its name; the first failure is the one to tell.
  }
}
