import t from 'tap';
import { jwksTooLarge } from '../../../../src/core/alerts/rules/jwks-too-large.ts';
import type { ServicePolicy } from '../../../../src/core/policy.ts';
import { ISSUER, policyOf, profileOf, serviceOf, VANTAGE } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, service: 'orders' };

function served(bytes: number, part: Partial<ServicePolicy> = {}): World {
  const profile = profileOf({ jwksBytesMax: 1_000 });
  const world = new World(policyOf([serviceOf('orders', { profile, ...part })]));
  world.sight(undefined, undefined, { bytes });
  return world;
}

function tooLargeForUs(): World {
  const world = served(500);
  const result = { ok: false, error: 'too_large', message: 'over 1 MiB' } as const;
  world.take({ type: 'sighting', sighting: { issuer: ISSUER, vantage: VANTAGE, result } });
  return world;
}

ruleTable(t, jwksTooLarge, [
  { name: 'it fits', given: () => served(1_000), labels: LABELS, said: 'absent' },
  {
    name: 'it is over the limit of a service',
    given: () => served(1_001),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /too large for service orders, which refuses all of it/,
    details: [/serves 1 key in 1001 bytes/, /takes at most 1000 bytes/],
  },
  {
    name: 'it has too many keys',
    given: () => served(100, { profile: profileOf({ jwksKeysMax: 0 }) }),
    labels: LABELS,
    said: 'present',
    details: [/./, /at most 0 keys/],
  },
  {
    name: 'nobody waits for the service',
    given: () => served(1_001, { required: false }),
    labels: LABELS,
    said: 'present',
    severity: 'info',
  },
  {
    name: 'no limit is known',
    given: () => served(1_000_000, { profile: profileOf() }),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'it cannot be read now',
    given: () => {
      const world = served(1_001);
      world.sightFailure();
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'it is more than the collector reads',
    given: tooLargeForUs,
    labels: { issuer: ISSUER, address: VANTAGE },
    said: 'present',
  },
  {
    name: 'what is more than the collector reads says nothing of the rest',
    given: tooLargeForUs,
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'whether it is, is not known while it cannot be read',
    given: () => {
      const world = tooLargeForUs();
      world.sightFailure();
      return world;
    },
    labels: { issuer: ISSUER, address: VANTAGE },
    said: 'unknown',
  },
]);

t.test('fooling: an address that serves less does not hide one that serves more', async (t) => {
  const other = 'https://edge.test/jwks';
  const profile = profileOf({ jwksBytesMax: 1_000 });
  const policy = policyOf([serviceOf('orders', { profile })]);
  const [issuer] = [...policy.issuers.values()];
  if (issuer === undefined) throw new Error('expected an issuer');
  const issuers = new Map([[ISSUER, { ...issuer, vantages: [VANTAGE, other] }]]);
  const world = new World({ ...policy, issuers });
  world.sight(undefined, other, { bytes: 2_000 });
  t.match(judgementOf(world, jwksTooLarge, LABELS), { status: 'present' }, 'the other is unread');
  world.sight(undefined, VANTAGE, { bytes: 10 });
  t.match(judgementOf(world, jwksTooLarge, LABELS), { status: 'present' });
});
