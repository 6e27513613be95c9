import t from 'tap';
import { staleCache } from '../../../../src/core/alerts/rules/stale-cache.ts';
import type { ServicePolicy } from '../../../../src/core/policy.ts';
import type { ReportPart } from '../../../support/messages.ts';
import {
  ISSUER,
  issuerOf,
  OLD,
  policyOf,
  profileOf,
  serviceOf,
} from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, service: 'orders' };

/** A kind that refreshes after 60 s, with 30 s allowed for failed fetches and 10 s of shared caches. */
function reporting(part: ReportPart, service: Partial<ServicePolicy> = {}): World {
  const issuer = issuerOf({ failedFetchMs: 30_000, sharedCachesMs: 10_000 });
  const issuers = new Map([[ISSUER, issuer]]);
  const world = new World(policyOf([serviceOf('orders', service)], { issuers }));
  world.join('orders').report({});
  world.pass(300_000);
  world.verifiers[0]?.report({ keys: [OLD], ...part });
  return world;
}

const used = (lastAcceptedAgeMs = 0): NonNullable<ReportPart['counts']> => [
  { kid: 'old', outcomes: { ok: 5 }, lastAcceptedAgeMs },
];

ruleTable(t, staleCache, [
  {
    name: 'fresh keys',
    given: () => reporting({ counts: used() }),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'as old as its kind and the settings allow',
    given: () => reporting({ dataAgeMs: 100_000, counts: used() }),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'older, and used since',
    given: () => reporting({ dataAgeMs: 110_000, counts: used() }),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^1 verifier of service orders work with keys .* older than the 60 s/,
    details: [/^orders\/i1\/jwks has keys of 2026-01-01T00:03:10Z/],
  },
  {
    name: 'older, and nobody used it since: it is read when it is used',
    given: () => reporting({ dataAgeMs: 110_000, counts: used(20_000) }),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'older, and its fetches fail',
    given: () => reporting({ dataAgeMs: 110_000, failures: 3 }),
    labels: LABELS,
    said: 'present',
  },
  {
    name: 'its kind never replaces keys by time',
    given: () =>
      reporting({ dataAgeMs: 9e9, counts: used() }, { profile: profileOf({ refreshS: null }) }),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'its keys are shipped',
    given: () =>
      reporting({ dataAgeMs: 9e9, counts: used() }, { profile: profileOf({ staticKeys: true }) }),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'nobody waits for it',
    given: () => reporting({ dataAgeMs: 110_000, counts: used() }, { required: false }),
    labels: LABELS,
    said: 'present',
    severity: 'info',
  },
  {
    name: 'it was stale and is not heard any more',
    given: () => {
      const world = reporting({ dataAgeMs: 110_000, counts: used() });
      world.pass(60_000, { silent: ['orders/i1'] });
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'it was stale and said goodbye',
    given: () => {
      const world = reporting({ dataAgeMs: 110_000, counts: used() });
      world.verifiers[0]?.goodbye();
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('one that is gone is kept nowhere', async (t) => {
  const world = reporting({ dataAgeMs: 110_000, counts: used() });
  const group = world.state.fleet.groups.get(ISSUER)?.get('orders');
  t.equal(group?.stale.size, 1);
  world.verifiers[0]?.goodbye();
  t.equal(group?.stale.size, 0);
});

t.test('fooling: neither silence nor a restart of the collector clears it', async (t) => {
  const world = reporting({ dataAgeMs: 110_000, failures: 3 });
  const stale: ReportPart = { keys: [OLD], dataAgeMs: 200_000, failures: 9 };
  for (let beat = 0; beat < 5; beat += 1) {
    world.pass(15_000, { silent: ['orders/i1'] });
    world.verifiers[0]?.report(stale);
  }
  world.pass(1_000, { silent: ['orders/i1'] });
  t.equal(alertStatus(world, 'StaleCache', LABELS), 'firing');
  world.pass(60_000, { silent: ['orders/i1'] });
  t.equal(alertStatus(world, 'StaleCache', LABELS), 'no_data');
  world.restart();
  t.match(judgementOf(world, staleCache, LABELS), { status: 'present' }, 'as it was last heard');
  world.pass(90_000, { silent: ['orders/i1'] });
  t.equal(alertStatus(world, 'StaleCache', LABELS), 'no_data');
  t.not(judgementOf(world, staleCache, LABELS), undefined);
});
