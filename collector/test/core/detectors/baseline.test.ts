import t from 'tap';
import {
  emptyBaseline,
  keptBaseline,
  learn,
  restoredBaseline,
} from '../../../src/core/detectors/baseline.ts';
import { ATTRIBUTABLE } from '../../../src/core/detectors/parameters.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

/** Hours of [failures, tokens], each told at once. */
function after(hours: readonly (readonly [number, number])[], frozenFrom = Infinity) {
  const baseline = emptyBaseline(ATTRIBUTABLE, START_MS);
  for (const [at, [failures, tokens]] of hours.entries()) {
    learn(baseline, ATTRIBUTABLE, failures, tokens, START_MS + at * HOUR_MS, at >= frozenFrom);
  }
  return baseline;
}

const usual = (count: number): (readonly [number, number])[] =>
  Array.from({ length: count }, () => [2, 10_000] as const);

t.test('the usual rate is that of the hours that are over', async (t) => {
  t.equal(after([[50, 100]]).usual, 1e-5, 'an incident does not make itself usual');
  t.equal(after([...usual(3), [5_000, 10_000]]).usual, 0.0002);
  t.equal(
    after([
      [1, 10],
      [0, 0],
    ]).usual,
    0.001,
    'few tokens say little',
  );
  t.equal(
    after([
      [0, 1e6],
      [0, 0],
    ]).usual,
    1e-5,
    'never nothing',
  );
});

t.test('a day is remembered, and no more', async (t) => {
  const incident = [[1_000, 10_000] as const];
  t.ok(after([...incident, ...usual(20)]).usual > 0.004);
  t.equal(after([...incident, ...usual(40)]).usual, 0.0002);
});

t.test('while a rotation is in motion it stays as it was, and goes on from there', async (t) => {
  const before = after(usual(24));
  t.equal(before.usual, 0.0002);
  const broken = Array.from({ length: 48 }, () => [500, 10_000] as const);
  const frozen = after([...usual(24), ...broken], 24);
  t.equal(frozen.usual, 0.0002);
  const thawMs = START_MS + 72 * HOUR_MS;
  learn(frozen, ATTRIBUTABLE, 2, 10_000, thawMs, false);
  learn(frozen, ATTRIBUTABLE, 2, 10_000, thawMs + HOUR_MS, false);
  t.ok(frozen.usual < 0.0003, `the day before goes on to count: ${frozen.usual}`);
});

t.test('without tokens for days, what was usual stays', async (t) => {
  const baseline = after(usual(24));
  learn(baseline, ATTRIBUTABLE, 0, 0, START_MS + 200 * HOUR_MS, false);
  learn(baseline, ATTRIBUTABLE, 0, 0, START_MS + 300 * HOUR_MS, false);
  t.equal(baseline.usual, 0.0002);
});

t.test('it comes back as it was kept', async (t) => {
  const baseline = after([[7, 900], ...usual(30)]);
  const again = restoredBaseline(keptBaseline(baseline));
  t.strictSame(keptBaseline(again), keptBaseline(baseline));
  t.strictSame(again.hours, baseline.hours);
});
