import t from 'tap';
import { fleetSilent } from '../../../../src/core/alerts/rules/fleet-silent.ts';
import { ISSUER, policyOf, serviceOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER };

function fleet(size: number, caches = 1): World {
  const world = new World(policyOf([serviceOf('orders', { instances: size })]));
  for (let at = 1; at <= size; at += 1) {
    for (let cache = 1; cache <= caches; cache += 1) {
      world.join('orders', `i${at}`, { cache: `c${cache}` }).report({});
    }
  }
  world.pass(60_000);
  return world;
}

function silence(world: World, count: number, ms = 60_000): World {
  world.pass(ms, { silent: world.verifiers.slice(0, count).map(({ name }) => name) });
  return world;
}

ruleTable(t, fleetSilent, [
  { name: 'everybody reports', given: () => fleet(6), labels: LABELS, said: 'absent' },
  {
    name: 'half fell silent at once',
    given: () => silence(fleet(6), 3),
    labels: LABELS,
    said: 'present',
    severity: 'critical',
    summary: /^3 of 6 verifiers .* look at the collector's own network first/,
  },
  { name: 'a third did', given: () => silence(fleet(6), 2), labels: LABELS, said: 'absent' },
  {
    name: 'all of a small fleet',
    given: () => silence(fleet(2), 2),
    labels: LABELS,
    said: 'present',
  },
  {
    name: 'half of a small fleet',
    given: () => silence(fleet(4), 2),
    labels: LABELS,
    said: 'absent',
  },
  { name: 'a fleet of one', given: () => silence(fleet(1), 1), labels: LABELS, said: 'absent' },
  {
    name: 'one process with many caches',
    given: () => silence(fleet(2, 4), 4),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'one after the other, over hours',
    given: () => {
      const world = fleet(6);
      for (const count of [1, 2, 3]) silence(world, count, 3_600_000);
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'just after a start',
    given: () => {
      const world = silence(fleet(6), 6);
      world.restart();
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('it lasts until more than half is heard again, not for two leases', async (t) => {
  const world = silence(fleet(6), 6);
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'firing');
  world.pass(3_600_000, { silent: world.verifiers.map(({ name }) => name) });
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'firing');
  for (const verifier of world.verifiers.slice(0, 3)) verifier.report({});
  world.pass(1_000);
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'firing');
  world.verifiers[3]?.report({});
  world.pass(1_000);
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'resolved');
});

t.test('it ends when those who are silent were removed, and nobody is left', async (t) => {
  const world = silence(fleet(3), 3);
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'firing');
  for (const instance of ['i1', 'i2', 'i3']) {
    t.equal(alertStatus(world, 'FleetSilent', LABELS), 'firing');
    const reason = 'scaled to nothing';
    const done = world.act({
      type: 'remove_verifier',
      by: 'ana',
      service: 'orders',
      instance,
      cache: null,
      reason,
    });
    t.ok(done.ok);
    world.take({ type: 'tick' });
  }
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'resolved');
});

t.test('a restart of the collector clears nothing', async (t) => {
  const world = silence(fleet(6), 6);
  world.restart();
  world.verifiers.length = 0;
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'no_data');
  world.pass(120_000);
  t.equal(alertStatus(world, 'FleetSilent', LABELS), 'firing');
});

t.test('fooling: hellos without a report are not a fleet that is heard again', async (t) => {
  const world = silence(fleet(6), 6);
  for (let at = 1; at <= 6; at += 1) world.join('orders', `i${at}`, { cache: 'c1' });
  t.match(judgementOf(world, fleetSilent, LABELS), { status: 'present' });
  world.verifiers[0]?.report({});
  t.match(judgementOf(world, fleetSilent, LABELS), { status: 'present' });
});
