import { execFileSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Teardown } from '../harness/teardown.ts';

/** Mounts something for one test; undefined where that is not allowed, as for most users. */
export async function mounted(
  cleanup: Teardown,
  options: readonly string[],
): Promise<string | undefined> {
  const at = await mkdtemp(join(tmpdir(), 'keyturn-mount-'));
  try {
    execFileSync('mount', [...options, at], { stdio: 'pipe' });
  } catch {
    await rmdir(at);
    return undefined;
  }
  cleanup.add(at, async () => {
    execFileSync('umount', [at]);
    await rmdir(at);
  });
  return at;
}
