// Refuses a change of the protocol that an older peer could not read. Compares shared/proto with the
// last commit: HEAD when the working tree differs from it, the one before when it does not.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SHARED = join(import.meta.dirname, '..');
const BUF = join(SHARED, 'node_modules', '.bin', 'buf');
const PROTO = 'shared/proto';

process.exitCode = main();

function main(): number {
  const base = baseRevision();
  if ('skip' in base) {
    console.log(`skipped: ${base.skip}`);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-breaking-'));
  try {
    const archive = join(directory, 'base.tar');
    const made = git(['archive', '--output', archive, base.revision, PROTO]);
    if (made.status !== 0) throw new Error(`git archive: ${made.stderr.trim()}`);
    const { status, error } = spawnSync(
      BUF,
      ['breaking', 'proto', '--against', `${archive}#subdir=${PROTO}`],
      { cwd: SHARED, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    if (error !== undefined) throw error;
    if (status === 0) console.log(`shared/proto breaks nothing of ${base.revision}`);
    return status ?? 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function baseRevision(): { readonly revision: string } | { readonly skip: string } {
  const inside = git(['rev-parse', '--is-inside-work-tree']);
  if (inside.status !== 0) return { skip: `git gives no history: ${firstLine(inside.stderr)}` };
  if (!exists('HEAD')) return { skip: 'there is no commit yet' };
  const changed = git(['status', '--porcelain', '--', PROTO]).stdout.trim() !== '';
  const revision = changed ? 'HEAD' : 'HEAD~1';
  if (!exists(revision)) {
    const shallow = git(['rev-parse', '--is-shallow-repository']).stdout.trim() === 'true';
    return { skip: shallow ? 'the clone is shallow' : 'there is only one commit' };
  }
  if (git(['ls-tree', '-r', revision, '--', PROTO]).stdout.trim() === '') {
    return { skip: `${revision} has no ${PROTO}` };
  }
  return { revision };
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

function exists(revision: string): boolean {
  return git(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).status === 0;
}

function git(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const result = spawnSync('git', args, { cwd: join(SHARED, '..'), encoding: 'utf8' });
  // Without git there is nothing to compare with, as in an unpacked archive.
  if (result.error !== undefined) return { status: 127, stdout: '', stderr: result.error.message };
  return result;
}
