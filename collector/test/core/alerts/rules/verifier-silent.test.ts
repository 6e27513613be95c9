import t from 'tap';
import { verifierSilent } from '../../../../src/core/alerts/rules/verifier-silent.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, serviceOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, service: 'orders' };

/** Some instances of `orders`, heard for longer than the hold-down. */
function heard(instances = 2, part: Parameters<typeof serviceOf>[1] = {}): World {
  const world = new World(policyOf([serviceOf('orders', { instances, ...part })]));
  world.sight();
  world.sight();
  for (let at = 1; at <= instances; at += 1) world.join('orders', `i${at}`).report({});
  world.pass(60_000);
  return world;
}

function silent(world: World, ...names: readonly string[]): World {
  world.pass(60_000, { silent: names });
  return world;
}

ruleTable(t, verifierSilent, [
  { name: 'everybody reports', given: () => heard(), labels: LABELS, said: 'absent' },
  {
    name: 'one stopped without a word',
    given: () => silent(heard(), 'orders/i1'),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^1 verifier of service orders for https:\/\/issuer.test stopped reporting/,
    details: [/^orders\/i1\/jwks is silent since 2026-01-01T00:01:/],
  },
  {
    name: 'many are one alert that names five',
    given: () => {
      const world = heard(8);
      return silent(world, ...world.verifiers.slice(0, 7).map(({ name }) => name));
    },
    labels: LABELS,
    said: 'present',
    summary: /^7 verifiers/,
    details: [/i1/, /i2/, /i3/, /i4/, /i5/, /^and 2 more verifiers$/],
  },
  {
    name: 'one said goodbye',
    given: () => {
      const world = heard();
      world.verifiers[0]?.goodbye();
      return silent(world);
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'another instance took its place',
    given: () => {
      const world = heard();
      world.verifiers[0]?.crash();
      world.join('orders', 'i3').report({});
      return silent(world);
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'a rotation of our own is open',
    given: () => {
      const world = heard();
      world.start();
      world.served = [OLD, NEW];
      return silent(world, 'orders/i1');
    },
    labels: LABELS,
    said: 'present',
    severity: 'critical',
  },
  {
    name: 'a rotation is open that somebody else runs',
    given: () => {
      const issuers = new Map([[ISSUER, issuerOf({ control: 'third_party' })]]);
      const world = new World(policyOf([serviceOf('orders')], { issuers }));
      world.sight();
      world.join('orders').report({});
      world.pass(60_000);
      world.served = [OLD, NEW];
      return silent(world, 'orders/i1');
    },
    labels: LABELS,
    said: 'present',
    severity: 'warning',
  },
  {
    name: 'nobody waits for the service',
    given: () => silent(heard(2, { required: false }), 'orders/i1'),
    labels: LABELS,
    said: 'present',
    severity: 'info',
    summary: /service orders \(optional\)/,
  },
  {
    name: 'the collector has just started',
    given: () => {
      const world = silent(heard(), 'orders/i1');
      world.restart();
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('a restart of the collector clears nothing', async (t) => {
  const world = silent(heard(), 'orders/i1');
  t.equal(alertStatus(world, 'VerifierSilent', LABELS), 'firing');
  world.restart();
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'VerifierSilent', LABELS), 'no_data');
  world.verifiers.length = 0;
  world.join('orders', 'i2').report({});
  world.pass(60_000);
  t.equal(alertStatus(world, 'VerifierSilent', LABELS), 'firing');
  world.join('orders', 'i1').report({});
  world.pass(1_000);
  t.equal(alertStatus(world, 'VerifierSilent', LABELS), 'resolved');
});

t.test('a machine that slept does not make its fleet silent', async (t) => {
  const world = heard();
  world.atMs += 3_600_000;
  world.take({ type: 'paused' });
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'VerifierSilent', LABELS), 'none');
  for (const verifier of world.verifiers) verifier.report({});
  world.pass(90_000);
  t.equal(alertStatus(world, 'VerifierSilent', LABELS), 'none');
});

t.test('fooling: the kinds an undeclared service claims do not hide one another', async (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  world.join('shadow', 'a', { profile: 'one' }).report({});
  world.join('shadow', 'b', { profile: 'two' }).report({});
  world.join('orders').report({});
  world.pass(120_000, { silent: ['shadow/a'] });
  const found = judgementOf(world, verifierSilent, { issuer: ISSUER, service: 'shadow' });
  t.match(found, { status: 'present', summary: /^1 verifier of service shadow \(not declared\)/ });
});
