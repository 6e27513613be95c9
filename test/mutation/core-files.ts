import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');
export const CORE = 'collector/src/core/';

/** A file of the core. */
export interface SourceFile {
  /** Below the core's folder. */
  readonly file: string;
  /** `.` for the core itself. */
  readonly folder: string;
  /** Characters. */
  readonly size: number;
  /** False for a file of nothing but types, in which there is nothing to change. */
  readonly hasCode: boolean;
}

/** Every file of the core, in order of their names. */
export function coreFiles(): readonly SourceFile[] {
  return globSync(`${CORE}**/*.ts`, { cwd: ROOT })
    .toSorted()
    .map((path) => {
      const file = relative(CORE, path);
      const source = readFileSync(join(ROOT, path), 'utf8');
      const code = stripTypeScriptTypes(source).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
      const hasCode = code.trim() !== '';
      return { file, folder: dirname(file), size: source.length, hasCode };
    });
}

/** Where the results of the present commit are kept, or those of a tree that differs from it. */
export function resultsFolder(): string {
  return join(ROOT, 'reports', 'mutation', measuredCommit());
}

/** The present commit, with `+` where core, its tests or what they need differ from it. */
export function measuredCommit(): string {
  const changed = git(['status', '--porcelain', '--', 'collector', 'shared', 'test/mutation']);
  return `${git(['rev-parse', '--short', 'HEAD'])}${changed === '' ? '' : '+'}`;
}

function git(args: readonly string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
}
