import t from 'tap';
import {
  HIDDEN_NAMED_MAX,
  hiddenDependent,
} from '../../../../src/core/alerts/rules/hidden-dependent.ts';
import { ISSUER, policyOf, serviceOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, service: 'shadow' };
const OTHER = 'https://other.test';

function world(...services: Parameters<typeof policyOf>[0]): World {
  const made = new World(policyOf(services));
  made.pass(60_000);
  return made;
}

function joined(made: World): World {
  made.join('shadow').report({});
  return made;
}

ruleTable(t, hiddenDependent, [
  {
    name: 'nobody reports',
    given: () => world(serviceOf('orders')),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'a service reports that nobody declared',
    given: () => joined(world(serviceOf('orders'))),
    labels: LABELS,
    said: 'present',
    summary:
      /^service shadow verifies tokens of https:\/\/issuer.test and is not declared: 1 verifier/,
    details: [/^shadow\/i1\/jwks is reporting/],
  },
  {
    name: 'nothing is declared at all',
    given: () => joined(world()),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'services are declared for another issuer alone',
    given: () => joined(world(serviceOf('orders', { issuers: [OTHER] }))),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'it is declared, but not for this issuer',
    given: () => joined(world(serviceOf('orders'), serviceOf('shadow', { issuers: [OTHER] }))),
    labels: LABELS,
    said: 'present',
    summary: /is not declared for it: 1 verifier/,
  },
  {
    name: 'it fell silent: it may verify on',
    given: () => {
      const made = joined(world(serviceOf('orders')));
      made.pass(120_000, { silent: ['shadow/i1'] });
      return made;
    },
    labels: LABELS,
    said: 'present',
    details: [/is silent$/],
  },
  {
    name: 'it said goodbye',
    given: () => {
      const made = joined(world(serviceOf('orders')));
      made.verifiers[0]?.goodbye();
      return made;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('a restart of the collector clears nothing', async (t) => {
  const made = joined(world(serviceOf('orders')));
  made.pass(1_000);
  t.equal(alertStatus(made, 'HiddenDependent', LABELS), 'firing');
  made.restart();
  made.take({ type: 'tick' });
  t.equal(alertStatus(made, 'HiddenDependent', LABELS), 'firing');
});

t.test('fooling: names made up by the hundred fill no list of alerts', async (t) => {
  const made = world(serviceOf('orders'));
  for (let at = 0; at < 300; at += 1) made.join(`made-up-${at}`).report({});
  t.equal(hiddenDependent.judge(made.state, made.now()).length, HIDDEN_NAMED_MAX + 1);
  t.match(judgementOf(made, hiddenDependent, { issuer: ISSUER }), {
    summary: /^280 more services/,
  });
});
