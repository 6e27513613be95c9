import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { cut, formatCuts, parseCuts, wholeOf } from './cuts.ts';
import { Oracle } from './oracle.ts';
import { planOf, WORLD_KINDS } from './plan.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { addTo, emptySummary, summaryLines } from './summary.ts';
import { planOfKind } from './worlds.ts';

/** Always so many worlds; a nightly run takes more (`pnpm simulate --seeds 100000`). */
const SEEDS_MIN = 200;
/** On a machine that is quick, as many more as fit into the time. */
const SEEDS = 300;
const SECONDS_MAX = 30;

/** Of each kind besides rotations of our own. */
const SEEDS_BESIDE = 15;

t.setTimeout(600_000);

t.test('no promise is broken in any world', async (t) => {
  const summary = emptySummary();
  const startedMs = performance.now();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const isLate = performance.now() - startedMs > SECONDS_MAX * 1_000;
    if (isLate && seed > SEEDS_MIN) break;
    const result = await simulate(planOf(seed));
    addTo(summary, result);
    if (result.violations.length === 0) continue;
    const { cuts, result: least } = await shrink(planOf(seed), result, 60);
    t.same(result.violations, [], `pnpm simulate --replay ${seed} --cuts ${formatCuts(cuts)}`);
    t.comment(least.story.slice(-40).join('\n'));
  }
  t.comment(summaryLines(summary, 1, performance.now() - startedMs).join('\n'));
  t.ok(summary.worlds >= SEEDS_MIN, `${summary.worlds} worlds`);
  t.ok(summary.completed > 0.7 * summary.worlds, 'most rotations are completed');
  t.ok(summary.aborted > 0, 'a reused kid, a lost disk or second thoughts end some');
  t.ok(summary.presented > 1_000 * summary.worlds, 'under steady traffic');
});

t.test('nor in worlds of another kind', async (t) => {
  for (const kind of WORLD_KINDS.filter((each) => each !== 'rotation')) {
    const summary = emptySummary();
    for (let seed = 1; seed <= SEEDS_BESIDE; seed += 1) {
      const result = await simulate(planOfKind(kind, seed));
      addTo(summary, result);
      t.same(result.violations, [], `pnpm simulate --replay ${seed} --kind ${kind}`);
    }
    t.ok(summary.completed > 0.7 * SEEDS_BESIDE, `${kind}: nearly every rotation is completed`);
  }
});

t.test('a seed gives the same run, event by event', async (t) => {
  for (const seed of [3, 14, 22]) {
    const [first, second] = [await simulate(planOf(seed)), await simulate(planOf(seed))];
    t.equal(first.hash, second.hash);
    t.same(first, second);
  }
  t.not((await simulate(planOf(3))).hash, (await simulate(planOf(4))).hash);
});

t.test('a replay in another process is the same run', async (t) => {
  const { hash } = await simulate(planOf(7));
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawnSync(process.execPath, [main, '--replay', '7'], { encoding: 'utf8' });
  t.equal(child.status, 0, child.stderr);
  t.match(child.stdout, `seed 7: completed, trace ${hash}`);
  t.match(child.stdout, /rotation +now: done/, 'and tells its story');
});

t.test('bad arguments are refused with a sentence', (t) => {
  const main = join(import.meta.dirname, 'main.ts');
  for (const [args, sentence] of [
    [['--seeds', 'many'], '--seeds: expected a whole number, got many'],
    [['--replay', '1', '--cuts', 'x'], '--cuts: expected f0,3+s1,2 or the like, got x'],
    [['--sedes', '1'], '--sedes'],
  ] as const) {
    const child = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    t.equal(child.status, 2);
    t.match(child.stderr, sentence);
  }
  t.end();
});

t.test('cuts leave everything else as it was', async (t) => {
  const plan = planOf(4);
  const whole = wholeOf(plan);
  t.same(cut(plan, whole), plan);
  t.same(parseCuts(formatCuts(whole)), whole);
  const few = { faults: [0], services: [1], single: true };
  t.same(parseCuts(formatCuts(few)), few);
  const least = cut(plan, few);
  t.equal(least.faults.length, 1);
  t.same(
    least.services.map(({ instances }) => instances),
    [1],
  );
  t.equal((await simulate(cut(plan, { ...whole, faults: [] }))).violations.length, 0);
});

t.test('the oracle is naive and right', (t) => {
  const oracle = new Oracle();
  oracle.saw('a', 1_000, { knowsNew: true, knowsOld: true, refusesOld: false });
  oracle.saw('b', 1_000, { knowsNew: false, knowsOld: false, refusesOld: true });
  t.same(oracle.without('knowsNew', 1_000), [], 'a cache just met is believed for a moment');
  oracle.saw('a', 5_000, { knowsNew: true, knowsOld: true, refusesOld: false });
  oracle.saw('b', 5_000, { knowsNew: false, knowsOld: false, refusesOld: true });
  t.same(oracle.without('knowsNew', 2_000), ['b']);
  t.same(oracle.without('refusesOld', 2_000), ['a']);
  const promised = { signedUntilMs: 11_000, lifetimeMs: 600_000 };
  const { oldTokens } = oracle;
  oldTokens.add({ mintedMs: 9_000, lifetimeMs: 600_000, lastAcceptableMs: 609_000 });
  t.equal(oldTokens.promisedUntilMs(promised), 609_000);
  oldTokens.add({ mintedMs: 20_000, lifetimeMs: 600_000, lastAcceptableMs: 620_000 });
  t.equal(oldTokens.promisedUntilMs(promised), 609_000, 'a late signer nobody has reported');
  t.equal(oldTokens.liveUntilMs, 620_000);
  oldTokens.reportedUntilMs = 620_000;
  t.equal(oldTokens.promisedUntilMs(promised), 620_000, 'and once it is reported');
  const ofNew = { signedUntilMs: 10_000, lifetimeMs: 600_000 };
  oracle.newTokens.add({ mintedMs: 9_000, lifetimeMs: 600_000, lastAcceptableMs: 609_000 });
  oracle.newTokens.add({ mintedMs: 9_000, lifetimeMs: 900_000, lastAcceptableMs: 909_000 });
  t.equal(oracle.newTokens.promisedUntilMs(ofNew), 609_000, 'longer than anybody said');
  oracle.newTokens.reportedUntilMs = 909_000;
  t.equal(oracle.newTokens.promisedUntilMs(ofNew), 909_000);
  oracle.saw('a', 6_000, { knowsNew: true, knowsOld: false, refusesOld: true });
  t.same(oracle.without('knowsOld', 4_500), ['b'], 'a verified the old key at 5 s');
  oracle.isGone('a');
  t.same(oracle.without('refusesOld', 2_000), []);
  t.end();
});
