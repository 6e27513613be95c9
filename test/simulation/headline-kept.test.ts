import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { compare, KEYTURN } from './headline.ts';
import { Kept, KeptError } from './headline-kept.ts';
import { progress } from './headline-run.ts';
import { RIVALS } from './rivals.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const POLICIES = [KEYTURN, ...RIVALS.map(({ name }) => name)];

t.setTimeout(180_000);

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'keyturn-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

t.test('a comparison that died goes on where it was, to the same page', async (t) => {
  const [whole, parts] = [folder(t), folder(t)];
  const args = (out: string, seeds: number): string[] =>
    `${MAIN} --headline --from 7 --out ${out} --seeds ${seeds}`.split(' ');
  t.equal(spawnSync(process.execPath, args(whole, 6)).status, 0);
  const child = spawn(process.execPath, [...args(parts, 1_000), '--json']);
  for (let told = 0; told < 4; told += 1) await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const file = join(parts, 'runs.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  // As if killed in the middle of a line, and early enough for something to be left to do.
  writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n[9,[[0,0,`);
  const again = spawnSync(process.execPath, args(parts, 6), { encoding: 'utf8' });
  t.equal(again.status, 0, again.stderr);
  t.match(again.stderr, /^2 worlds are kept in .*; 2 of them computed again came out the same/);
  for (const name of ['simulation.md', 'simulation.svg', 'runs.jsonl']) {
    t.equal(readFileSync(join(parts, name), 'utf8'), readFileSync(join(whole, name), 'utf8'), name);
  }
  const fewer = spawnSync(process.execPath, args(parts, 2), { encoding: 'utf8' });
  t.equal(fewer.status, 0);
  t.match(readFileSync(join(parts, 'simulation.md'), 'utf8'), /seeds 7 to 8/);
  t.equal(readFileSync(file, 'utf8').split('\n').length, 8, 'and nothing kept is lost');
});

t.test('what is kept comes back as it was', async (t) => {
  const path = join(folder(t), 'runs.jsonl');
  const runs = [await compare(40), await compare(41)];
  const kept = new Kept(path, 40, POLICIES);
  for (const [at, compared] of runs.entries()) kept.add(40 + at, compared);
  kept.close();
  const back = new Kept(path, 40, POLICIES);
  t.same(back.compared, runs);
  t.equal(await back.check(compare), 2);
  await t.rejects(
    back.check(() => compare(42)),
    new KeptError('seed 40 was kept, and comes out otherwise now: begin anew'),
  );
  back.close();
});

t.test('nothing else is gone on with', (t) => {
  const path = join(folder(t), 'runs.jsonl');
  new Kept(path, 1, POLICIES).close();
  t.throws(() => new Kept(path, 2, POLICIES), /expected .*"from":2.*, got .*"from":1/);
  t.throws(() => new Kept(path, 1, [KEYTURN]), /expected .*got/);
  appendFileSync(path, '[5,[]]\n');
  t.throws(() => new Kept(path, 1, POLICIES), /expected seed 1, got 5/);
  const out = join(path, '..');
  const args = `${MAIN} --headline --from 1 --seeds 1 --out ${out}`.split(' ');
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(child.status, 2);
  t.match(child.stderr, /expected seed 1, got 5/);
  t.end();
});

t.test('progress says how long it will take', (t) => {
  t.equal(
    progress(1_000, 100_000, 50),
    '1000 of 100000 worlds, 20.0 a second, about 1 h 23 min left',
  );
  t.end();
});
