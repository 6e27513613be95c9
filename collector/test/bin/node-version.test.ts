import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';

const BIN = path.join(import.meta.dirname, '../../bin');

const { nodeVersionProblem } = (await import(path.join(BIN, 'node-version.js'))) as {
  nodeVersionProblem: (version: string, typescript: unknown) => string | null;
};

t.test('which versions run', async (t) => {
  const table: readonly [string, unknown, RegExp | null][] = [
    ['24.21.0', 'strip', null],
    ['22.18.0', 'strip', null],
    ['22.15.1', 'strip', null],
    ['30.0.0', 'strip', null],
    ['22.15.0', false, /needs Node\.js 22\.18 or newer, this is Node\.js 22\.15\.0/],
    ['23.1.0', undefined, /needs Node\.js 22\.18 or newer/],
    ['22.14.9', 'strip', /needs Node\.js 22\.15 or newer, this is Node\.js 22\.14\.9\./],
    ['20.20.2', undefined, /needs Node\.js 22\.15 or newer, this is Node\.js 20\.20\.2\./],
    ['8.0.0', undefined, /22\.15 or newer/],
  ];
  for (const [version, typescript, expected] of table) {
    const problem = nodeVersionProblem(version, typescript);
    if (expected === null) t.equal(problem, null, version);
    else t.match(problem, expected, version);
  }
});

/** A Node.js of this machine that is too old, or undefined. */
function oldNode(): string | undefined {
  const places = ['/usr/bin/node', '/usr/local/bin/node', '/opt/node20/bin/node'];
  return places.find((place) => {
    if (!existsSync(place)) return false;
    const version = execFileSync(place, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(version)?.[1]) < 22;
  });
}

t.test('an old Node.js gets a sentence, not a crash', async (t) => {
  const node = oldNode();
  if (node === undefined) {
    t.comment('skipped: this machine has no Node.js older than 22');
    return;
  }
  for (const program of ['keyturn-collector', 'keyturn']) {
    const run = spawnSync(node, [path.join(BIN, `${program}.js`), '--version'], {
      encoding: 'utf8',
    });
    t.equal(run.status, 1, program);
    t.equal(run.stdout, '');
    t.match(
      run.stderr,
      new RegExp(
        `^${program}: Keyturn needs Node\\.js 22\\.15 or newer, this is Node\\.js \\d+.*\\.\n$`,
      ),
    );
  }
});

t.test('a current Node.js starts the program', async (t) => {
  const run = spawnSync(process.execPath, [path.join(BIN, 'keyturn-collector.js'), '--version'], {
    encoding: 'utf8',
  });
  t.equal(run.status, 0, run.stderr);
  t.match(run.stdout, /^\d+\.\d+\.\d+\n$/);
});
