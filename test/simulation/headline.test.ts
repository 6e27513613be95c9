import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { FAULT_KINDS } from './fault-plan.ts';
import { compare, KEYTURN } from './headline.ts';
import { page, rowsOf } from './headline-page.ts';
import { picture } from './headline-picture.ts';
import { type Compared, compareMany } from './headline-pool.ts';
import { rowOf, slowerThan } from './headline-rows.ts';
import type { Run } from './judge.ts';
import { FAULTS, RULES } from './proof-page.ts';
import { RIVALS } from './rivals.ts';

const SEEDS = 100;

t.setTimeout(180_000);

t.test('Keyturn opens no gate unsafely, and guesses do', async (t) => {
  const runs = new Map<string, Run[]>();
  const done = await compareMany({
    from: 1,
    seeds: SEEDS,
    workers: 1,
    isStopped: () => false,
    onSeed: (_, compared) => {
      for (const [policy, run] of compared) runs.set(policy, [...(runs.get(policy) ?? []), run]);
    },
  });
  t.equal(done, SEEDS);
  t.same([...runs.keys()], [KEYTURN, ...RIVALS.map(({ name }) => name)]);
  const own = runs.get(KEYTURN) ?? [];
  t.same(
    own.flatMap((run) => run.broken),
    [],
    'no gate that was acted on was open against what the collector had been told',
  );
  const rows = rowsOf(runs);
  const row = (policy: string) => rows.find((one) => one.policy === policy);
  t.equal(row(KEYTURN)?.unsafeSwitches, 0);
  t.equal(row(KEYTURN)?.unsafeRetirements, 0);
  t.equal(row(KEYTURN)?.unfinished, 0, 'every rotation ends');
  t.ok((row('fixed wait, 1 h')?.harmed ?? 0) > SEEDS / 2, 'an hour is not enough');
  t.ok((row('fixed wait, 24 h')?.harmed ?? 0) > 0, 'nor is a day, everywhere');
  const text = page(runs, { from: 1, seeds: SEEDS });
  t.match(text, `--headline --seeds ${SEEDS} --from 1`);
  t.match(text, `Unsafe openings of Keyturn: 0 of ${SEEDS} rotations`);
  t.match(text, /below 3\.0 % with 95 % confidence/);
  for (const { policy } of rows) t.match(picture(rows), policy);
});

t.test('the same comes out of any number of processes, in the same order', async (t) => {
  const told = async (workers: number): Promise<[number, Compared][]> => {
    const all: [number, Compared][] = [];
    const onSeed = (seed: number, compared: Compared) => void all.push([seed, compared]);
    await compareMany({ from: 40, seeds: 5, workers, isStopped: () => false, onSeed });
    return all;
  };
  t.same(await told(2), await told(1));
  t.same(await compare(40), await compare(40), 'twice the same');
});

t.test('a comparison that is stopped tells of what it has', async (t) => {
  for (const workers of [1, 2]) {
    let told = 0;
    const done = await compareMany({
      from: 1,
      seeds: 1_000,
      workers,
      isStopped: () => told > 0,
      onSeed: () => (told += 1),
    });
    t.equal(done, told);
    t.ok(done < 10, `${done} of 1000`);
  }
});

t.test('the command writes a page and a picture', (t) => {
  const out = mkdtempSync(join(tmpdir(), 'keyturn-'));
  t.teardown(() => rmSync(out, { recursive: true, force: true }));
  const main = join(import.meta.dirname, 'main.ts');
  const args = [main, '--headline', '--seeds', '2', '--from', '7', '--out', out];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.equal(child.status, 0, child.stderr);
  t.match(child.stdout, /\| Keyturn \|/);
  t.match(readFileSync(join(out, 'simulation.md'), 'utf8'), /seeds 7 to 8/);
  t.match(readFileSync(join(out, 'simulation.svg'), 'utf8'), /^<svg /);
  t.end();
});

t.test('every promise that worlds check is in the page', (t) => {
  const checked = new Set<string>();
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts'));
  for (const file of files) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    for (const [, rule] of text.matchAll(/violate\(\s*'(\w+)'/g)) checked.add(rule ?? '');
  }
  // Told under the name of what was asked.
  for (const asked of ['activate', 'purge', 'containment']) checked.add(asked);
  t.same([...checked].toSorted(), Object.keys(RULES).toSorted());
  t.same(Object.keys(FAULTS).toSorted(), [...FAULT_KINDS].toSorted());
  t.end();
});

t.test('rows count what was true', (t) => {
  const run = (part: Partial<Run>): Run => ({
    unsafeSwitch: null,
    unsafeRetire: null,
    refused: {},
    presented: 100,
    overlapMs: 3_600_000,
    switchAfterMs: 1_800_000,
    broken: [],
    waitsFor: null,
    ...part,
  });
  const runs = [
    run({}),
    run({ unsafeSwitch: 'nobody looked', refused: { '': 2, late: 1 } }),
    run({ overlapMs: null, waitsFor: 'retire: fleet_heard' }),
  ];
  const row = rowOf('p', runs);
  t.equal(row.unsafeSwitches, 1);
  t.equal(row.harmed, 1);
  t.equal(row.refused, 3);
  t.equal(row.presented, 300);
  t.equal(row.unfinished, 1);
  t.equal(row.overlapHours.p50, 1);
  t.same(slowerThan([run({ overlapMs: 7_200_000 }), run({})], runs), {
    slower: 1,
    of: 1,
    medianHours: 1,
  });
  const text = page(new Map([[KEYTURN, runs]]), { from: 1, seeds: 3 });
  t.match(text, 'No guess refused valid tokens in fewer rotations.');
  const lucky = page(new Map([[KEYTURN, runs] as const, ['a guess', [run({})]] as const]), {
    from: 1,
    seeds: 3,
  });
  t.match(
    lucky,
    /fewer rotations than Keyturn's 33\.3 % by\n\n- a guess: 0\.0 %, with both keys for 1\.0 h/,
  );
  t.match(text, /nobody looked: 1/);
  t.match(text, /nothing explains it: 1/);
  t.match(text, /retire: fleet_heard: 1/);
  t.end();
});
