import t from 'tap';
import { reportsRejected } from '../../../../src/core/alerts/rules/reports-rejected.ts';
import { noteRejection, REJECTED_SERVICES_MAX } from '../../../../src/core/rejections.ts';
import { ISSUER, policyOf, serviceOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { service: 'orders' };

function heard(): World {
  const world = new World(policyOf([serviceOf('orders')]));
  const verifier = world.join('orders');
  verifier.report({ counts: [{ kid: 'old', outcomes: { ok: 9 } }] });
  world.pass(60_000);
  return world;
}

/** Counts that go back are refused. */
function refuses(times: number, world = heard()): World {
  for (let time = 0; time < times; time += 1) {
    world.verifiers[0]?.report({ counts: [{ kid: 'old', outcomes: { ok: 1 } }] });
  }
  return world;
}

ruleTable(t, reportsRejected, [
  { name: 'every report is taken', given: heard, labels: LABELS, said: 'absent' },
  { name: 'two were refused', given: () => refuses(2), labels: LABELS, said: 'absent' },
  {
    name: 'three were',
    given: () => refuses(3),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^service orders: some reports or hellos were turned away since 2026-01-01T00:01:00Z/,
    details: [/^the last one: counts.ok: expected at least 9 as reported before, got 1/],
  },
  {
    name: 'many are an order',
    given: () => refuses(120),
    labels: LABELS,
    said: 'present',
    summary: /more than 100 reports/,
  },
  {
    name: 'none was for ten minutes',
    given: () => {
      const world = refuses(3);
      const verifier = world.verifiers[0];
      if (verifier !== undefined) verifier.said = { counts: [{ kid: 'old', outcomes: { ok: 9 } }] };
      world.pass(601_000);
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'there was no room for it',
    given: () => {
      const world = new World(policyOf([serviceOf('orders')], { verifiersMax: 1 }));
      world.join('orders');
      for (let time = 0; time < 3; time += 1) t.throws(() => world.join('stray'));
      return world;
    },
    labels: { service: 'stray' },
    said: 'present',
    details: [/at its bound of 1 verifiers/],
  },
  {
    name: 'messages of nobody known are refused',
    given: () => {
      const world = heard();
      for (let time = 0; time < 3; time += 1) {
        world.take({
          type: 'turned_away',
          service: null,
          reason: 'hello.boot_id: expected 16 bytes',
        });
      }
      return world;
    },
    labels: {},
    said: 'present',
    details: [/hello.boot_id/],
  },
  {
    name: 'the fleet is at its bound',
    given: () => {
      const world = new World(policyOf([serviceOf('orders')], { verifiersMax: 1 }));
      world.join('orders');
      return world;
    },
    labels: {},
    said: 'present',
    summary: /at its bound of 1 verifier/,
  },
  {
    name: 'a verifier was turned away before there was room again',
    given: () => {
      const world = new World(policyOf([serviceOf('orders')], { verifiersMax: 2 }));
      world.state.health.refusedVerifiers = 1;
      world.state.health.refusedVerifierAtMs = world.atMs;
      return world;
    },
    labels: {},
    said: 'present',
    summary: /verifiers were turned away/,
  },
]);

t.test('it goes on while the service that was refused is silent', async (t) => {
  const world = refuses(3);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'ReportsRejected', LABELS), 'firing');
  world.pass(700_000, { silent: ['orders/i1'] });
  t.equal(alertStatus(world, 'ReportsRejected', LABELS), 'no_data');
  world.verifiers[0]?.report({ counts: [{ kid: 'old', outcomes: { ok: 9 } }] });
  world.pass(1_000);
  t.equal(alertStatus(world, 'ReportsRejected', LABELS), 'resolved');
});

t.test('fooling: names made up by the thousand are counted together', async (t) => {
  const world = heard();
  for (let at = 0; at < 1_000; at += 1) {
    for (let time = 0; time < 3; time += 1) {
      noteRejection(world.state, `made-up-${at}`, 'x'.repeat(10_000), world.now());
    }
  }
  t.equal(world.state.rejections.size, REJECTED_SERVICES_MAX + 1);
  t.match(judgementOf(world, reportsRejected, {}), { summary: /more than 1000 reports/ });
  t.equal(judgementOf(world, reportsRejected, { issuer: ISSUER }), undefined);
});
