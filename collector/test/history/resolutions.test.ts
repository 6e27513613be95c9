import { ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { gridFor, KEPT_S } from '../../src/history/resolutions.ts';

const NOW_S = 1_800_000_005;
const HOUR_S = 3_600;

t.test('as fine as there is, and as wide as has to be', async (t) => {
  const cases = [
    ['an hour', { back: HOUR_S, points: 720, stepS: 0 }, { storedS: 10, stepS: 10 }],
    ['an hour in few points', { back: HOUR_S, points: 100, stepS: 0 }, { storedS: 60, stepS: 60 }],
    ['two hours', { back: 2 * HOUR_S, points: 1_000, stepS: 0 }, { storedS: 10, stepS: 10 }],
    ['three hours', { back: 3 * HOUR_S, points: 1_500, stepS: 0 }, { storedS: 60, stepS: 60 }],
    ['two days', { back: 48 * HOUR_S, points: 1_500, stepS: 0 }, { storedS: 600, stepS: 600 }],
    ['a minute as asked', { back: HOUR_S, points: 720, stepS: 30 }, { storedS: 60, stepS: 60 }],
    ['30 days', { back: KEPT_S, points: 720, stepS: 0 }, { storedS: 600, stepS: 4_200 }],
    ['a year', { back: 365 * 86_400, points: 720, stepS: 0 }, { storedS: 600, stepS: 4_200 }],
    ['hours as asked', { back: KEPT_S, points: 720, stepS: 7_000 }, { storedS: 600, stepS: 7_200 }],
  ] as const;
  for (const [name, { back, points, stepS }, grid] of cases) {
    t.match(gridFor({ fromS: NOW_S - back, toS: NOW_S, points, stepS }, NOW_S), grid, name);
  }
});

t.test('a grid covers what was asked for and was kept, in no more points', async () => {
  const asked = fc.record({
    back: fc.integer({ min: 0, max: 2 * KEPT_S }),
    length: fc.integer({ min: 0, max: 2 * KEPT_S }),
    points: fc.integer({ min: 1, max: 1_500 }),
    stepS: fc.integer({ min: 0, max: 86_400 }),
  });
  fc.assert(
    fc.property(asked, ({ back, length, points, stepS }) => {
      const fromS = NOW_S - back;
      const toS = Math.min(NOW_S, fromS + length);
      const grid = gridFor({ fromS, toS, points, stepS }, NOW_S);
      ok(grid.count >= 1 && grid.count <= points, `${grid.count} of ${points}`);
      ok(grid.stepS >= stepS && grid.stepS % grid.storedS === 0 && grid.startS % grid.stepS === 0);
      ok(grid.startS <= Math.max(fromS, NOW_S - KEPT_S));
      ok(grid.startS + grid.count * grid.stepS > toS || toS < NOW_S - KEPT_S);
    }),
  );
});
