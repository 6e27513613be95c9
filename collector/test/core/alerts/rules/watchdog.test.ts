import t from 'tap';
import { ALERT_KINDS, ALERT_NAMES } from '../../../../src/core/alerts/catalogue.ts';
import { storeFailing } from '../../../../src/core/alerts/rules/store-failing.ts';
import { PROOF_FRESH_MS, watchdog } from '../../../../src/core/alerts/rules/watchdog.ts';
import { policyOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, ruleTable } from '../judging.ts';

function proven(problem = ''): World {
  const world = new World(policyOf([]));
  world.take({ type: 'proof', problem });
  return world;
}

function later(world: World, ms: number): World {
  world.atMs += ms;
  return world;
}

ruleTable(t, watchdog, [
  {
    name: 'nothing was proven yet',
    given: () => new World(policyOf([])),
    labels: {},
    said: 'absent',
  },
  { name: 'proven', given: () => proven(), labels: {}, said: 'present', severity: 'info' },
  {
    name: 'proven a moment less than a minute ago',
    given: () => later(proven(), PROOF_FRESH_MS - 1),
    labels: {},
    said: 'present',
  },
  {
    name: 'proven a minute ago',
    given: () => later(proven(), PROOF_FRESH_MS),
    labels: {},
    said: 'absent',
  },
  { name: 'the proof failed', given: () => proven('read nothing'), labels: {}, said: 'absent' },
  {
    name: 'writes are refused since',
    given: () => {
      const world = proven();
      world.take({ type: 'store_health', failing: true });
      return world;
    },
    labels: {},
    said: 'absent',
  },
]);

ruleTable(t, storeFailing, [
  { name: 'proven', given: () => proven(), labels: {}, said: 'absent' },
  {
    name: 'nothing was tried yet',
    given: () => new World(policyOf([])),
    labels: {},
    said: 'unknown',
  },
  {
    name: 'what was written does not come back',
    given: () => proven('read nothing'),
    labels: {},
    said: 'present',
    severity: 'critical',
    summary: /does not give back what was written since 2026-01-01T00:00:00Z/,
    details: [/^read nothing$/],
  },
]);

t.test(
  'fooling: a collector that only stood still is no proof, not even in the hold-down',
  async (t) => {
    const world = proven();
    world.take({ type: 'tick' });
    t.equal(alertStatus(world, 'Watchdog', {}), 'firing');
    world.atMs += PROOF_FRESH_MS;
    world.take({ type: 'paused' });
    world.take({ type: 'tick' });
    t.equal(
      alertStatus(world, 'Watchdog', {}),
      'resolved',
      'never no_data, which counts as firing',
    );
  },
);

t.test('it is the only kind that ends on missing data', async (t) => {
  t.same(
    ALERT_NAMES.filter((name) => ALERT_KINDS[name].endsUnseen === true),
    ['Watchdog'],
  );
});

t.test('gates rely on no store that does not give back what was written', async (t) => {
  const world = proven('read nothing');
  world.sight();
  const id = world.start();
  const check = world.gate(id, 'publish').checks.find((found) => found.id === 'store_writable');
  t.match(check, { status: 'unknown', message: /does not give back/ });
});
