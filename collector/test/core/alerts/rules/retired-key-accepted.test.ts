import t from 'tap';
import { retiredKeyAccepted } from '../../../../src/core/alerts/rules/retired-key-accepted.ts';
import { ISSUER, NEW } from '../../../support/policies.ts';
import { rotating, type Rotating } from '../../../support/rotating.ts';
import type { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, kid: 'old' };

const retired = (): Rotating => rotating({ until: 'retired' });

/** So long after the old key went, `a` accepts one token of it. */
function accepts({ world, a }: Rotating, afterMs: number, kid = 'old'): World {
  world.pass(afterMs);
  a.report({
    keys: [NEW],
    counts: [...(a.said.counts ?? []), { kid, outcomes: { ok: 50 } }].slice(-1),
  });
  return world;
}

ruleTable(t, retiredKeyAccepted, [
  { name: 'nobody accepts it', given: () => retired().world, labels: LABELS, said: 'absent' },
  {
    name: 'caches may still hold it',
    given: () => accepts(retired(), 30_000),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'none can hold it any more',
    given: () => accepts(retired(), 120_000),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^tokens of old of https:\/\/issuer.test are accepted, and the key is gone since 2026/,
  },
  {
    name: 'it is tainted',
    given: () => {
      const rotation = retired();
      rotation.world.declare(rotation.id, 'taint');
      return accepts(rotation, 120_000);
    },
    labels: LABELS,
    said: 'present',
    severity: 'critical',
    details: [/tainted/],
  },
  {
    name: 'an hour later, everybody heard',
    given: () => {
      const world = accepts(retired(), 120_000);
      world.pass(3_601_000);
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the key is served again, and no rotation retired it for good',
    given: () => {
      const rotation = retired();
      rotation.world.served = [...rotation.world.served, { ...NEW, kid: 'old', thumbprint: '' }];
      return accepts(rotation, 30_000);
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('it ends only when everybody who could tell is heard', async (t) => {
  const world = accepts(retired(), 120_000);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'RetiredKeyAccepted', LABELS), 'firing');
  world.pass(3_700_000, { silent: ['orders/a'] });
  t.equal(alertStatus(world, 'RetiredKeyAccepted', LABELS), 'no_data');
  world.verifiers.find(({ name }) => name === 'orders/a')?.report();
  world.pass(1_000);
  t.equal(alertStatus(world, 'RetiredKeyAccepted', LABELS), 'resolved');
});

t.test(
  'fooling: a collector that was away for twenty minutes does not take it for over',
  async (t) => {
    const world = accepts(retired(), 120_000);
    world.take({ type: 'tick' });
    t.equal(alertStatus(world, 'RetiredKeyAccepted', LABELS), 'firing');
    world.restart({ downMs: 1_200_000 });
    world.pass(60_000);
    t.equal(alertStatus(world, 'RetiredKeyAccepted', LABELS), 'firing');
  },
);

t.test('fooling: a kid that was never published raises nothing', async (t) => {
  const world = accepts(retired(), 120_000, 'made-up');
  t.same(retiredKeyAccepted.judge(world.state, world.now()), []);
  t.equal(judgementOf(world, retiredKeyAccepted, { issuer: ISSUER, kid: 'made-up' }), undefined);
});
