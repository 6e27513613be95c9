import t from 'tap';
import { duplicateIdentity } from '../../../../src/core/alerts/rules/duplicate-identity.ts';
import { ISSUER, policyOf, serviceOf } from '../../../support/policies.ts';
import type { TestVerifier } from '../../../support/world.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, ruleTable } from '../judging.ts';

const LABELS = { service: 'orders' };

function heard(): { readonly world: World; readonly first: TestVerifier } {
  const world = new World(policyOf([serviceOf('orders', { issuers: [ISSUER] })]));
  const first = world.join('orders');
  first.report({});
  world.pass(60_000);
  return { world, first };
}

/** A second process takes the name, and the first goes on as if nothing had happened. */
function cloned(): World {
  const { world, first } = heard();
  world.join('orders').report({});
  first.report({});
  return world;
}

ruleTable(t, duplicateIdentity, [
  { name: 'one process', given: () => heard().world, labels: LABELS, said: 'absent' },
  {
    name: 'the process before is still connected when the next one starts',
    given: () => {
      const { world } = heard();
      world.join('orders').report({});
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'a process that was superseded reports on',
    given: cloned,
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^two live processes report as one for 1 verifier of service orders/,
    details: [/^orders\/i1\/jwks was claimed by a process that had been superseded/],
  },
  {
    name: 'two streams of one boot take turns for longer than a restart takes',
    given: () => {
      const { world, first } = heard();
      const verifier = { service: 'orders', instance: 'i1', cache: 'jwks' };
      for (let turn = 0; turn < 12; turn += 1) {
        world.atMs += 10_000;
        const report = first.make();
        world.take({ type: 'report', session: `stream ${turn % 2}`, verifier, report });
        world.take({ type: 'tick' });
      }
      return world;
    },
    labels: LABELS,
    said: 'present',
    details: [/two streams/],
  },
  {
    name: 'both have gone with a goodbye',
    given: () => {
      const world = cloned();
      world.pass(901_000);
      while (world.verifiers.length > 0) world.verifiers[0]?.goodbye();
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test(
  'fooling: falling silent does not end it, a quarter of an hour of one process does',
  async (t) => {
    const world = cloned();
    world.take({ type: 'tick' });
    t.equal(alertStatus(world, 'DuplicateIdentity', LABELS), 'firing');
    world.pass(960_000, { silent: ['orders/i1'] });
    t.equal(alertStatus(world, 'DuplicateIdentity', LABELS), 'no_data');
    world.restart();
    world.verifiers.length = 0;
    world.join('orders').report({});
    world.pass(60_000);
    t.equal(alertStatus(world, 'DuplicateIdentity', LABELS), 'resolved');
  },
);
