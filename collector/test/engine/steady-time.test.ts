import { manualClock } from '@keyturn/shared/manual-clock.ts';
import t from 'tap';
import { latestMomentMs, steadyTime } from '../../src/steady-time.ts';
import { emptyMemoryContents, openMemoryStore } from '../../src/store/memory.ts';
import { attestation, key, rotation, usage, verifier, waiver } from '../store/samples.ts';

const NOON = Date.UTC(2026, 0, 1, 12);

interface Row {
  readonly name: string;
  readonly wallAtStart?: number;
  readonly lastNowMs?: number;
  readonly stepMs: number;
  readonly atMs: number;
  readonly earliestMs: number;
}

/** What is shown ten seconds after the start, five of them after a step of the wall clock. */
const ROWS: readonly Row[] = [
  { name: 'no step', stepMs: 0, atMs: NOON + 10_000, earliestMs: NOON + 10_000 },
  {
    name: 'the wall clock is set forward: nothing moves',
    stepMs: 3_600_000,
    atMs: NOON + 10_000,
    earliestMs: NOON + 10_000,
  },
  {
    name: 'set back: what waits for time waits longer',
    stepMs: -3_600_000,
    atMs: NOON + 10_000,
    earliestMs: NOON + 10_000 - 3_600_000,
  },
  {
    name: 'started with an earlier wall clock than the last moment known',
    lastNowMs: NOON + 600_000,
    stepMs: 0,
    atMs: NOON + 610_000,
    earliestMs: NOON + 10_000,
  },
  {
    name: 'the same, and then put right',
    lastNowMs: NOON + 600_000,
    stepMs: 600_000,
    atMs: NOON + 610_000,
    earliestMs: NOON + 610_000,
  },
  {
    name: 'started later than the last moment known',
    lastNowMs: NOON - 600_000,
    stepMs: 0,
    atMs: NOON + 10_000,
    earliestMs: NOON + 10_000,
  },
];

for (const row of ROWS) {
  t.test(`steady time: ${row.name}`, (t) => {
    const clock = manualClock(row.wallAtStart ?? NOON);
    const time = steadyTime(clock, row.lastNowMs ?? 0);
    clock.advance(5_000);
    clock.stepWall(row.stepMs);
    clock.advance(5_000);
    t.same(time.now(), { atMs: row.atMs, earliestMs: row.earliestMs });
    t.end();
  });
}

t.test('steady time never goes back', (t) => {
  const clock = manualClock(NOON);
  const time = steadyTime(clock, 0);
  let before = time.now().atMs;
  for (const stepMs of [5_000, -60_000, 120_000, -3_600_000, 0]) {
    clock.stepWall(stepMs);
    clock.advance(100);
    const now = time.now();
    t.ok(now.atMs >= before);
    t.ok(now.earliestMs <= now.atMs);
    before = now.atMs;
  }
  t.end();
});

t.test('the latest moment on record', (t) => {
  const empty = openMemoryStore({ contents: emptyMemoryContents() }).load();
  t.equal(latestMomentMs(empty), 0);
  const full = { ...empty, meta: { epochFloor: 1, lastNowMs: 5_000 } };
  t.equal(latestMomentMs(full), 5_000);
  const at = 1_800_000_000_000;
  t.equal(latestMomentMs({ ...full, verifiers: [verifier('a', 1, 1, { receivedAtMs: at })] }), at);
  t.equal(latestMomentMs({ ...full, keys: [{ ...key('k', 'x'), publishedAtMs: at }] }), at);
  t.equal(latestMomentMs({ ...full, keys: [{ ...key('k', 'x'), withdrawnAtMs: at }] }), at);
  t.equal(latestMomentMs({ ...full, waivers: [{ ...waiver, atMs: at }] }), at);
  t.equal(latestMomentMs({ ...full, attestations: [{ ...attestation, atMs: at }] }), at);
  const declared = { activate: { atMs: at, by: 'ci', overrideReason: null, reason: null } };
  t.equal(latestMomentMs({ ...full, rotations: [{ ...rotation, declared }] }), at);
  t.equal(
    latestMomentMs({ ...full, usage: [usage('k', at)] }),
    5_000,
    'an acceptance is dated by a report of an age',
  );
  t.end();
});
