import t from 'tap';
import { retryAfterMs } from '../../../src/dashboard/live/retry.ts';

t.test('how long to wait for the collector', (t) => {
  t.equal(retryAfterMs(1, 0), 250, 'never at once');
  t.equal(retryAfterMs(1, 1), 750);
  t.ok(retryAfterMs(3, 1) > retryAfterMs(2, 1), 'longer each time');
  for (const failures of [6, 20, 2_000]) t.equal(retryAfterMs(failures, 1), 10_250, 'bounded');
  t.end();
});
