import fc from 'fast-check';
import t from 'tap';
import { emptyBaseline } from '../../../src/core/detectors/baseline.ts';
import { isOver } from '../../../src/core/detectors/excursion.ts';
import { ATTRIBUTABLE, CALM_FOR_MS } from '../../../src/core/detectors/parameters.ts';
import {
  addToBin,
  clearRateOf,
  closeBin,
  createSeries,
  scoreNow,
} from '../../../src/core/detectors/series.ts';
import { restoreExcursion, seriesRecord } from '../../../src/core/detectors/series-record.ts';

const START_MS = Date.UTC(2026, 0, 1);
const H = 16;

type Bin = readonly [failures: number, tokens: number];

function seriesOf() {
  const baseline = emptyBaseline(ATTRIBUTABLE, START_MS);
  const where = { issuer: 'i', tier: 'issuer', name: '', baseline, above: null } as const;
  return createSeries('s', ATTRIBUTABLE, where, CALM_FOR_MS);
}

function run(series: ReturnType<typeof seriesOf>, bins: readonly Bin[], fromS = 0): void {
  for (const [at, [failures, tokens]] of bins.entries()) {
    const untilMs = START_MS + (fromS + at + 1) * 1_000;
    addToBin(series, failures, tokens, [['unknown_kid', failures]], {
      sinceMs: null,
      untilMs,
      leaseMs: 45_000,
    });
    closeBin(series, H, untilMs, false, null);
  }
}

const bin = fc
  .integer({ min: 0, max: 3 })
  .chain((failures) =>
    fc.integer({ min: failures, max: 200 }).map((tokens): Bin => [failures, tokens]),
  );
const bins = fc.array(bin, { maxLength: 60 });

t.test('it fires at three failures and h, not before, and its score is at most 2h', async () => {
  fc.assert(
    fc.property(bins, (all) => {
      const series = seriesOf();
      let naive = 0;
      let failures = 0;
      let fired = false;
      for (const [at, [x, n]] of all.entries()) {
        run(series, [[x, n]], at);
        naive = Math.min(2 * H, Math.max(0, naive + x * Math.log(0.00201 / 1e-5) - n * 0.002));
        failures = naive === 0 ? 0 : failures + x;
        if (naive >= H && failures >= 3) fired = true;
        if (Math.abs(series.score - naive) > 1e-6 && !fired) return false;
        if (series.score > 2 * H) return false;
        if ((series.firing !== null) !== fired) return false;
      }
      return true;
    }),
  );
});

t.test('two failures are no alarm, whatever the score says', async (t) => {
  const series = seriesOf();
  const low = 9;
  for (const [failures, fires] of [
    [2, false],
    [1, true],
  ] as const) {
    const untilMs = START_MS + 1_000;
    addToBin(series, failures, 2, [], { sinceMs: null, untilMs, leaseMs: 45_000 });
    closeBin(series, low, untilMs, false, null);
    t.ok(series.score >= low);
    t.equal(series.firing !== null, fires);
  }
});

t.test('failures hours apart are no incident', async (t) => {
  for (const [apartS, fires] of [
    [3 * 3_600, false],
    [3_600, true],
  ] as const) {
    const series = seriesOf();
    for (let at = 0; at < 20; at += 1) run(series, [[1, 1]], at * apartS);
    t.equal(series.firing !== null, fires, `${apartS} s`);
  }
});

t.test('at zero nothing is kept of it', async () => {
  fc.assert(
    fc.property(bins, (all) => {
      const series = seriesOf();
      run(series, [...all, [0, 1e6], [0, 1e6]]);
      if (series.firing !== null) return true;
      const { score, failures, tokens, reasons, recent } = series;
      return score === 0 && failures === 0 && tokens === 0 && reasons === null && recent === null;
    }),
  );
});

t.test('within one bin, order and division into reports change nothing', async () => {
  fc.assert(
    fc.property(fc.array(bin, { minLength: 1, maxLength: 10 }), fc.nat(), (parts, turn) => {
      const [one, other] = [seriesOf(), seriesOf()];
      const span = { sinceMs: null, untilMs: START_MS, leaseMs: 45_000 };
      const turned = [...parts.slice(turn % parts.length), ...parts.slice(0, turn % parts.length)];
      for (const [x, n] of turned) addToBin(one, x, n, [], span);
      const sum = (at: 0 | 1): number => parts.reduce((total, part) => total + part[at], 0);
      addToBin(other, sum(0), sum(1), [], span);
      for (const series of [one, other]) closeBin(series, H, START_MS + 1_000, false, null);
      return one.score === other.score && one.failures === other.failures;
    }),
  );
});

t.test('a restart in the middle gives the same score and the same alarm', async () => {
  fc.assert(
    fc.property(bins, bins, (before, after) => {
      const [whole, first, second] = [seriesOf(), seriesOf(), seriesOf()];
      run(whole, [...before, ...after]);
      run(first, before);
      restoreExcursion(
        second,
        seriesRecord(first, { score: scoreNow(first), failures: 0, tokens: 0 }, null, START_MS),
      );
      run(second, after, before.length);
      return (
        Math.abs(whole.score - second.score) < 1e-9 &&
        whole.failures === second.failures &&
        (whole.firing === null) === (second.firing === null)
      );
    }),
  );
});

t.test('it ends by good tokens seen for five minutes, by nothing else', async (t) => {
  const rows: readonly (readonly [
    what: string,
    tokens: number,
    failEvery: number,
    coverage: number,
    s: number,
    over: boolean,
  ])[] = [
    ['good tokens', 20, 0, 1, 400, true],
    ['good tokens, too short', 20, 0, 1, 250, false],
    ['no tokens', 0, 0, 1, 5_000, false],
    ['too few verifiers', 20, 0, 0.89, 5_000, false],
    ['just enough verifiers', 20, 0, 0.9, 400, true],
    ['it goes on, rarer', 20, 10, 1, 5_000, false],
  ];
  for (const [what, tokens, failEvery, coverage, s, expected] of rows) {
    const series = seriesOf();
    run(series, [
      [5, 20],
      [5, 20],
    ]);
    t.ok(series.firing, what);
    let over = false;
    for (let second = 1; second <= s && !over; second += 1) {
      const failures = failEvery > 0 && second % failEvery === 0 ? 1 : 0;
      run(series, [[failures, tokens]], 2 + second);
      if (series.firing === null) break;
      const looks = { h: H, clearRate: clearRateOf(series), coverage, goesWithout: false };
      over = isOver(
        series as typeof series & { firing: NonNullable<typeof series.firing> },
        looks,
        START_MS + (3 + second) * 1_000,
      );
    }
    t.equal(over, expected, what);
  }
});
