import t from 'tap';
import { verifierNeverSeen } from '../../../../src/core/alerts/rules/verifier-never-seen.ts';
import type { ServicePolicy } from '../../../../src/core/policy.ts';
import { ISSUER, policyOf, serviceOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, service: 'orders' };

function world(instances: readonly string[], part: Partial<ServicePolicy> = {}): World {
  const made = new World(policyOf([serviceOf('orders', { instances: 2, ...part })]));
  for (const instance of instances) made.join('orders', instance).report({});
  made.pass(60_000);
  return made;
}

const POPULATION: ServicePolicy['population'] = {
  cohorts: [{ percentile: 95, withinMs: 60_000 }],
  coverPercentile: 95,
  dropsWithRefresh: true,
};

ruleTable(t, verifierNeverSeen, [
  { name: 'all are there', given: () => world(['a', 'b']), labels: LABELS, said: 'absent' },
  {
    name: 'one of two never came',
    given: () => world(['a']),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /declared with 2 instances for https:\/\/issuer.test, and 1 of them were never heard/,
  },
  {
    name: 'none came, and nobody said how many there are',
    given: () => world([], { instances: null }),
    labels: LABELS,
    said: 'present',
    summary: /^no instance of service orders reports/,
  },
  {
    name: 'one came and fell silent: that is another alert',
    given: () => {
      const made = world(['a', 'b']);
      made.pass(60_000, { silent: ['orders/b'] });
      return made;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'nobody waits for it',
    given: () => world(['a'], { required: false }),
    labels: LABELS,
    said: 'present',
    severity: 'info',
  },
  ...(
    [
      ['a population', { kind: 'unmanaged', population: POPULATION }],
      ['one vouched for', { kind: 'attested', evidence: 'attested' }],
      ["somebody else's product", { kind: 'managed', evidence: 'timed' }],
      ['one declared with no instances', { instances: 0 }],
    ] as const
  ).map(([name, part]) => ({
    name: `${name} is not waited for`,
    given: () => world([], part),
    labels: LABELS,
    said: 'absent' as const,
  })),
  {
    name: 'just after a start',
    given: () => {
      const made = world(['a']);
      made.restart();
      return made;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('it waits five minutes, and a restart clears nothing', async (t) => {
  const made = world(['a']);
  t.equal(alertStatus(made, 'VerifierNeverSeen', LABELS), 'pending');
  made.pass(301_000);
  t.equal(alertStatus(made, 'VerifierNeverSeen', LABELS), 'firing');
  made.restart();
  made.take({ type: 'tick' });
  t.equal(alertStatus(made, 'VerifierNeverSeen', LABELS), 'no_data');
});

t.test('fooling: two caches of one instance do not stand for two instances', async (t) => {
  const made = world(['a']);
  made.join('orders', 'a', { cache: 'second' }).report({});
  t.match(judgementOf(made, verifierNeverSeen, LABELS), { status: 'present' });
});
