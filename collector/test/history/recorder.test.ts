import t from 'tap';
import { openHistory } from '../../src/history/history.ts';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import { ISSUER, policyOf, serviceOf, START_MS } from '../support/policies.ts';
import { World } from '../support/world.ts';
import { manualClock } from './manual-clock.ts';

t.test('a look that fails is told of once, hurts nobody and is tried again', async (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const clock = manualClock(START_MS);
  const told: string[] = [];
  let broken = false;
  const history = openHistory({
    engine: {
      state() {
        if (broken) throw new Error('not now');
        return world.state;
      },
      nowMs: () => clock.wallMs(),
      audit: () => [],
      auditHead: () => ({ number: 0 }),
    },
    store: openMemoryHistory(),
    clock,
    events: { historyFailing: (what, message) => told.push(`${what}: ${message}`) },
  });
  clock.pass(20_000);
  broken = true;
  clock.pass(20_000);
  t.strictSame(told, ['look: not now']);
  t.equal(history.health().failedLooks, 20);
  broken = false;
  clock.pass(20_000);
  broken = true;
  clock.pass(1_000);
  t.equal(told.length, 2);
  history.close();
  const toS = START_MS / 1_000 + 60;
  const { buckets } = history.tokens(ISSUER, { fromS: toS - 60, toS, points: 100, stepS: 0 });
  const watched = buckets.map((bucket) => Math.round((bucket?.watchedMs ?? 0) / 1_000));
  t.strictSame(watched, [10, 10, 0, 0, 9, 10, 0], 'what nobody looked at is a gap');
});

t.test('once closed it looks no more, and may be closed again', async (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const clock = manualClock(START_MS);
  let looks = 0;
  const history = openHistory({
    engine: {
      state() {
        looks += 1;
        return world.state;
      },
      nowMs: () => clock.wallMs(),
      audit: () => [],
      auditHead: () => ({ number: 0 }),
    },
    store: openMemoryHistory(),
    clock,
    events: { historyFailing: (what, message) => t.fail(`${what}: ${message}`) },
  });
  clock.pass(5_000);
  t.equal(looks, 6);
  history.close();
  history.close();
  clock.pass(5_000);
  t.equal(looks, 6);
});
