import * as fc from 'fast-check';
import t from 'tap';
import { retryAfterMs } from '../../../src/dashboard/live/retry.ts';

t.test('how long to wait for the collector', (t) => {
  t.equal(retryAfterMs(1, 0), 250, 'never at once');
  t.equal(retryAfterMs(1, 1), 750);
  t.ok(retryAfterMs(3, 1) > retryAfterMs(2, 1), 'longer each time');
  for (const failures of [6, 20, 2_000]) t.equal(retryAfterMs(failures, 1), 10_250, 'bounded');
  t.end();
});

t.test('any wait is above nothing, bounded, and longer for worse luck', (t) => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), chance, chance, (failures, a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      const waits = [retryAfterMs(failures, less), retryAfterMs(failures, more)] as const;
      if (waits[0] < 250 || waits[1] > 10_250) throw new Error(`${waits.join(', ')} ms`);
      if (waits[0] > waits[1]) throw new Error('shorter for worse luck');
      if (retryAfterMs(failures + 1, a) < retryAfterMs(failures, a))
        throw new Error('shorter later');
    }),
  );
  t.end();
});
