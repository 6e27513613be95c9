import t from 'tap';
import {
  ATTRIBUTABLE,
  BIN_MS,
  FOREIGN,
  rateToFind,
  threshold,
} from '../../../src/core/detectors/parameters.ts';

t.test('p1 = max(4 p0, p0 + rise), and always a rate', async (t) => {
  for (const [usual, found] of [
    [1e-5, 0.00201],
    [0.0005, 0.0025],
    [0.001, 0.004],
    [0.1, 0.4],
    [0.3, 0.65],
    [0.9, 0.95],
  ] as const) {
    t.ok(Math.abs(rateToFind(ATTRIBUTABLE, usual) - found) < 1e-12, `${usual}`);
  }
  t.ok(Math.abs(rateToFind(FOREIGN, 0.001) - 0.051) < 1e-12);
});

t.test('h = ln(looks in 30 days · series · families)', async (t) => {
  t.equal(threshold(1, BIN_MS), Math.log(2_592_000 * 5));
  t.equal(threshold(0, BIN_MS), threshold(1, BIN_MS));
  t.ok(Math.abs(threshold(100_000, BIN_MS) - threshold(1, BIN_MS) - Math.log(100_000)) < 1e-9);
  t.ok(threshold(1, 10_000) < threshold(1, BIN_MS));
});
