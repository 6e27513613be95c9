import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Teardown } from './teardown.ts';

/** A directory with a short path (Unix sockets allow 107 bytes), gone after the test. */
export async function tempDirectory(teardown: Teardown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-'));
  teardown.add('temporary directory', () => rm(directory, { recursive: true, force: true }));
  return directory;
}
