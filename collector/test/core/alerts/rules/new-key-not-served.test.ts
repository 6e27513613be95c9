import t from 'tap';
import { newKeyNotServed } from '../../../../src/core/alerts/rules/new-key-not-served.ts';
import type { IssuerPolicy, ServicePolicy } from '../../../../src/core/policy.ts';
import {
  ISSUER,
  issuerOf,
  keyOf,
  NEW,
  OLD,
  profileOf,
  serviceOf,
} from '../../../support/policies.ts';
import { rotating, type Rotating } from '../../../support/rotating.ts';
import type { World } from '../../../support/world.ts';
import { alertStatus, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, rotation: 'r-1', service: 'orders' };

function published(
  part: Partial<IssuerPolicy> = {},
  service: Partial<ServicePolicy> = {},
): Rotating {
  const issuers = new Map([[ISSUER, issuerOf(part)]]);
  const orders = serviceOf('orders', { instances: 2, ...service });
  return rotating({
    until: 'published',
    policy: { issuers, services: new Map([['orders', orders]]) },
  });
}

/** A minute after publication, `a` has the new key and `b` just fetched a document without it. */
function lacking(rotation = published(), afterMs = 60_000): World {
  const { world, a, b } = rotation;
  a.report({ keys: [OLD, NEW] });
  world.pass(afterMs);
  b.report({ keys: [OLD], dataAgeMs: 1_000 });
  return world;
}

ruleTable(t, newKeyNotServed, [
  { name: 'everybody got it', given: () => rotating().world, labels: LABELS, said: 'absent' },
  {
    name: 'one fetched and did not get it',
    given: () => lacking(),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^1 verifier of service orders fetched the JWKS .* did not get new/,
    details: [/^orders\/b\/jwks fetched at/],
  },
  {
    name: 'a shared cache may keep the old document for as long',
    given: () => lacking(published({ sharedCachesMs: 600_000 })),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the shared cache is over as well',
    given: () => lacking(published({ sharedCachesMs: 600_000 }), 660_000),
    labels: LABELS,
    said: 'present',
  },
  {
    name: 'its data is of before: it has not fetched',
    given: () => {
      const rotation = published();
      rotation.a.report({ keys: [OLD, NEW] });
      rotation.world.pass(60_000);
      rotation.b.report({ keys: [OLD], dataAgeMs: 3_600_000 });
      return rotation.world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'it holds other material under the kid: that is another alert',
    given: () => {
      const rotation = published();
      rotation.a.report({ keys: [OLD, NEW] });
      rotation.world.pass(60_000);
      rotation.b.report({ keys: [OLD, keyOf('new', 'other')] });
      return rotation.world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'its keys are shipped, not fetched',
    given: () => lacking(published({}, { profile: profileOf({ staticKeys: true }) })),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'the new key signs already',
    given: () => {
      const rotation = published();
      const world = lacking(rotation);
      world.declare(rotation.id, 'activate', 'the table says so');
      return world;
    },
    labels: LABELS,
    said: 'present',
    severity: 'critical',
  },
  {
    name: 'the one that lacked it is not heard any more',
    given: () => {
      const world = lacking();
      world.pass(60_000, { silent: ['orders/b'] });
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'the key is not published any more',
    given: () => {
      const world = lacking();
      world.sight([OLD]);
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
]);

t.test('fooling: a restart of the collector and a silence do not clear it', async (t) => {
  const world = lacking();
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'NewKeyNotServed', LABELS), 'firing');
  world.restart();
  world.verifiers.length = 0;
  world.sight([OLD, NEW]);
  world.pass(90_000);
  t.equal(alertStatus(world, 'NewKeyNotServed', LABELS), 'no_data');
});
