// The entry of `pnpm test`: builds tap's test class when an install has just put the stock one back,
// and the dashboard, then runs tap with the arguments given.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildDashboard } from '../../collector/tools/dashboard/build.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TAP = dirname(createRequire(import.meta.url).resolve('tap/package.json'));
const RUN = join(TAP, 'dist', 'esm', 'run.mjs');

/** Left out in .taprc: it does not work with TypeScript 7, and Node strips the types itself. */
const PLUGIN_LEFT_OUT = '@tapjs/typescript';

const given = process.argv.slice(2);
const args = given[0] === '--' ? given.slice(1) : given;

if (!isBuilt()) {
  const status = await tap(['build']);
  if (status !== 0 || !isBuilt()) {
    console.error(
      `tap build ended with status ${status} and without the test class it should make`,
    );
    process.exit(status === 0 ? 1 : status);
  }
}
await buildDashboard();
process.exitCode = await tap(args);

/** What tap was built with is read from the build itself, so no marker can be wrong about it. */
function isBuilt(): boolean {
  const commonjs = createRequire(join(TAP, 'package.json')).resolve('@tapjs/test/built');
  return [commonjs, commonjs.replace(/commonjs(?=.index\.js$)/, 'esm')].every((file) => {
    try {
      const source = readFileSync(file, 'utf8');
      return source.length > 0 && !source.includes(PLUGIN_LEFT_OUT);
    } catch {
      // Whatever is wrong with the file, building it anew is the remedy.
      return false;
    }
  });
}

/** Runs tap to its end; a signal to this process goes on to it. */
function tap(tapArgs: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [RUN, ...tapArgs], { cwd: ROOT, stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(status ?? (signal === null ? 1 : 128 + 15));
    });
  });
}
