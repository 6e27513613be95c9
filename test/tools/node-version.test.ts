import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { ROOT } from '../architecture/tree.ts';

const GUARD = pathToFileURL(join(import.meta.dirname, 'node-version.mjs')).href;

/** Runs nothing but the guard, on a Node that says it is `version`. */
async function guarded(version: string): Promise<{ code: unknown; stderr: string }> {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
  const args = ['--import', `data:text/javascript,${pretend}`, '--import', GUARD, '--eval', ''];
  try {
    const { stderr } = await promisify(execFile)(process.execPath, args);
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { code: unknown; stderr: string };
    return { code, stderr };
  }
}

t.test('an old Node gets a sentence, not a crash', async (t) => {
  for (const version of ['18.20.0', '20.20.2', '22.17.1']) {
    const { code, stderr } = await guarded(version);
    t.equal(code, 2, version);
    t.match(stderr, /^keyturn needs Node 22\.18 or newer to run from source, this is v/);
    t.match(stderr, 'npx --yes pnpm@12.21.0');
    t.notMatch(stderr, /at file:|Error/);
  }
  for (const version of ['22.18.0', '24.21.0', '26.0.0']) {
    t.same(await guarded(version), { code: 0, stderr: '' }, version);
  }
});

t.test('every program of the workspace starts behind it', (t) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const name of ['test', 'demo', 'start', 'agent', 'keyturn', 'bench']) {
    t.match(manifest.scripts[name], /^node --import \.\/test\/tools\/node-version\.mjs /, name);
  }
  t.end();
});
