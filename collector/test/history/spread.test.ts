import { deepStrictEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { spread } from '../../src/history/spread.ts';

function spreadOver(count: number, sinceMs: number, untilMs: number, oldestMs: number) {
  const placed: [number, number][] = [];
  const late = spread(count, { sinceMs, untilMs }, 10_000, oldestMs, (bucketMs, more) =>
    placed.push([bucketMs, more]),
  );
  return { placed, late };
}

t.test('counts go to the buckets in which they happened, evenly', async (t) => {
  const cases = [
    [100, 0, 10_000, 0, [[0, 100]], 0],
    [
      100,
      5_000,
      15_000,
      0,
      [
        [0, 50],
        [10_000, 50],
      ],
      0,
    ],
    [
      3,
      0,
      30_000,
      0,
      [
        [0, 1],
        [10_000, 1],
        [20_000, 1],
      ],
      0,
    ],
    [
      90,
      0,
      30_000,
      10_000,
      [
        [10_000, 30],
        [20_000, 30],
      ],
      30,
    ],
    [90, 0, 30_000, 40_000, [], 90],
    // A moment and no stretch; one that is too long ago counts where something still can.
    [7, 12_345, 12_345, 0, [[10_000, 7]], 0],
    [7, 12_345, 12_345, 25_000, [[20_000, 7]], 0],
    [1, 0, 30_000, 0, [[10_000, 1]], 0],
  ] as const;
  for (const [count, since, until, oldest, placed, late] of cases) {
    t.strictSame(spreadOver(count, since, until, oldest), { placed, late });
  }
});

t.test('nothing is lost or made up, and nothing lands before what is still open', async () => {
  const at = fc.integer({ min: 0, max: 200_000 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), at, at, at, (count, a, b, oldestMs) => {
      const [sinceMs, untilMs] = [Math.min(a, b), Math.max(a, b)];
      const { placed, late } = spreadOver(count, sinceMs, untilMs, oldestMs);
      deepStrictEqual(
        placed.reduce((sum, [, more]) => sum + more, late),
        count,
      );
      ok(late >= 0 && placed.every(([, more]) => more >= 0));
      ok(placed.every(([bucketMs]) => bucketMs % 10_000 === 0 && bucketMs + 10_000 > oldestMs));
    }),
  );
});
