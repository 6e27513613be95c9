import t from 'tap';
import { jwksUnreachable } from '../../../../src/core/alerts/rules/jwks-unreachable.ts';
import { ISSUER, policyOf, VANTAGE } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, address: VANTAGE };

function read(): World {
  const world = new World(policyOf([]));
  world.sight();
  return world;
}

ruleTable(t, jwksUnreachable, [
  { name: 'it was read', given: read, labels: LABELS, said: 'absent' },
  {
    name: 'the last answer could not be used',
    given: () => {
      const world = read();
      world.sightFailure();
      return world;
    },
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /cannot be used since 2026-01-01T00:00:00Z$/,
    details: [/expected status 200, got 500/],
  },
  {
    name: 'a private key is published',
    given: () => {
      const world = read();
      const result = { ok: false, error: 'private_members', message: 'keys[0].d' } as const;
      world.take({ type: 'sighting', sighting: { issuer: ISSUER, vantage: VANTAGE, result } });
      return world;
    },
    labels: LABELS,
    said: 'present',
    severity: 'critical',
  },
  {
    name: 'the fetcher itself hangs',
    given: () => {
      const world = read();
      world.pass(61_000, { unwatched: true });
      return world;
    },
    labels: LABELS,
    said: 'present',
    summary: /was not read since 2026-01-01T00:00:00Z/,
  },
  {
    name: 'nothing was read yet, a moment after the start',
    given: () => new World(policyOf([])),
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'nothing was read yet, long after the start',
    given: () => {
      const world = new World(policyOf([]));
      world.pass(61_000, { unwatched: true });
      return world;
    },
    labels: LABELS,
    said: 'present',
  },
]);

t.test('a restart of the collector clears nothing, an answer does', async (t) => {
  const world = read();
  for (let times = 0; times < 40; times += 1) {
    world.pass(1_000, { unwatched: true });
    world.sightFailure();
  }
  t.equal(alertStatus(world, 'JwksUnreachable', LABELS), 'firing');
  world.restart();
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksUnreachable', LABELS), 'no_data');
  world.pass(50_000, { unwatched: true });
  world.sight();
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksUnreachable', LABELS), 'resolved');
});

t.test('fooling: one address that answers does not speak for another', async (t) => {
  const other = 'https://edge.test/jwks';
  const policy = policyOf([]);
  const [issuer] = [...policy.issuers.values()];
  if (issuer === undefined) throw new Error('expected an issuer');
  const issuers = new Map([[ISSUER, { ...issuer, vantages: [VANTAGE, other] }]]);
  const world = new World({ ...policy, issuers });
  world.sightFailure('connection refused', other);
  world.sight();
  t.match(judgementOf(world, jwksUnreachable, { issuer: ISSUER, address: other }), {
    status: 'present',
  });
});
