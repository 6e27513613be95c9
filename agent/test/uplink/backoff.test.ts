import * as fc from 'fast-check';
import t from 'tap';
import {
  ackWaitMs,
  benchMs,
  jitteredIntervalMs,
  reconnectDelayMs,
} from '../../src/uplink/backoff.ts';

t.test('delays', async (t) => {
  const rows: readonly (readonly [number, number, number, number])[] = [
    [0, 20_000, 0.5, 10_000],
    [0, 20_000, 0, 100],
    [0, 0, 0.9, 100],
    [1, 20_000, 0.5, 500],
    [2, 20_000, 0.5, 1_000],
    [4, 20_000, 0.5, 4_000],
    [7, 20_000, 0.5, 30_000],
    [1_000, 20_000, 0.5, 30_000],
  ];
  for (const [attempt, windowMs, random, expected] of rows) {
    t.equal(reconnectDelayMs(attempt, windowMs, random), expected, `attempt ${attempt}`);
  }
  t.same([1, 2, 3, 6, 60].map(ackWaitMs), [1_000, 2_000, 4_000, 30_000, 30_000]);
  t.same(
    [1, 2, 5, 50].map((times) => benchMs(times, 0.5)),
    [60_000, 120_000, 600_000, 600_000],
  );
});

t.test('never above the cap, never below the floor', async () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), fc.nat(600_000), random, (attempt, windowMs, share) => {
      const ms = reconnectDelayMs(attempt, windowMs, share);
      const interval = jitteredIntervalMs(15_000, share);
      return (
        ms >= 100 &&
        ms <= Math.max(100, attempt === 0 ? windowMs : 60_000) &&
        interval >= 13_500 &&
        interval <= 16_500
      );
    }),
  );
});
