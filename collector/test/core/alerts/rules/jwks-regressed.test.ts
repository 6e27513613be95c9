import t from 'tap';
import { jwksRegressed } from '../../../../src/core/alerts/rules/jwks-regressed.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, VANTAGE } from '../../../support/policies.ts';
import { rotating } from '../../../support/rotating.ts';
import { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const EDGE = 'https://edge.test/jwks';
const LABELS = { issuer: ISSUER, address: VANTAGE };

/** Two addresses that serve both keys, no rotation. */
function twoAddresses(): World {
  const issuers = new Map([[ISSUER, issuerOf({ vantages: [VANTAGE, EDGE] })]]);
  const world = new World(policyOf([], { issuers }));
  for (const keys of [[OLD], [OLD], [OLD, NEW], [OLD, NEW]]) {
    world.atMs += 15_000;
    for (const at of [VANTAGE, EDGE]) world.sight(keys, at);
  }
  return world;
}

function thenServes(world: World, keys: Parameters<World['sight']>[0], times = 2): World {
  for (let time = 0; time < times; time += 1) {
    world.atMs += 15_000;
    world.sight(keys, VANTAGE);
    if (world.state.issuers.get(ISSUER)?.vantages.has(EDGE) === true) world.sight([OLD, NEW], EDGE);
  }
  return world;
}

ruleTable(t, jwksRegressed, [
  { name: 'nothing is missing', given: twoAddresses, labels: LABELS, said: 'absent' },
  {
    name: 'one address serves the set of before again',
    given: () => thenServes(twoAddresses(), [OLD]),
    labels: LABELS,
    said: 'present',
    severity: 'critical',
    summary: /^https:\/\/issuer.test\/jwks serves an older JWKS/,
    details: [/^new was served there and is missing/],
  },
  {
    name: 'one address takes the oldest key away',
    given: () => thenServes(twoAddresses(), [NEW]),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the new key of a rotation is gone after it was published',
    given: () => thenServes(rotating().world, [OLD], 1),
    labels: LABELS,
    said: 'present',
  },
  {
    name: 'the new key shows for the first time at some of the replicas behind an address',
    given: () => {
      const { world } = rotating({ until: 'started' });
      for (const keys of [[OLD, NEW], [OLD], [OLD, NEW], [OLD]]) thenServes(world, keys, 1);
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the rotation was aborted: its new key may go',
    given: () => {
      const { world, id } = rotating();
      world.declare(id, 'abort');
      return thenServes(world, [OLD]);
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the signer went back: its new key may go',
    given: () => {
      const { world, id } = rotating({ until: 'switched' });
      world.declare(id, 'rollback', 'the table says so');
      return thenServes(world, [OLD]);
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the old key is taken away after the switch',
    given: () => thenServes(rotating({ until: 'switched' }).world, [NEW]),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'it cannot be read now',
    given: () => {
      const world = thenServes(twoAddresses(), [OLD]);
      world.sightFailure();
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
]);

t.test('a retired key comes back', async (t) => {
  const { world, id } = rotating({ until: 'retired' });
  world.declare(id, 'complete', 'the test says so');
  t.equal(judgementOf(world, jwksRegressed, LABELS), undefined);
  thenServes(world, [OLD, NEW], 1);
  t.match(judgementOf(world, jwksRegressed, LABELS), {
    status: 'present',
    details: ['old was retired and is served again'],
  });
});

t.test('fooling: neither a restart nor an answer without keys ends it', async (t) => {
  const { world } = rotating();
  thenServes(world, [OLD], 1);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksRegressed', LABELS), 'firing');
  world.restart();
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksRegressed', LABELS), 'no_data');
  world.atMs += 60_000;
  world.sight([OLD]);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksRegressed', LABELS), 'firing', 'it is still missing');
  world.sight([]);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksRegressed', LABELS), 'firing', 'an empty set has it less');
  world.sight([OLD, NEW]);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'JwksRegressed', LABELS), 'resolved');
});
