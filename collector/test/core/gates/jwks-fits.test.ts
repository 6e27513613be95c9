import t from 'tap';
import { profileOf, serviceOf } from '../../support/policies.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { checkOf } from '../../support/world.ts';

const limited = (part: Parameters<typeof profileOf>[0]) =>
  serviceOf('edge', { instances: null, profile: profileOf({ id: 'small', ...part }) });

/** The service with a limit, one of whose verifiers reports. */
const EDGE = (part: Parameters<typeof profileOf>[0]) => ({
  until: 'started' as const,
  services: [limited(part)],
});

const SITUATIONS: readonly Situation[] = [
  {
    name: 'an eleventh key for a verifier that takes ten',
    from: EDGE({ jwksKeysMax: 10 }),
    given: ({ world }) => {
      world.join('edge').report();
      world.sight(world.served, undefined, { untrackedKeys: 9 });
    },
    status: 'closed',
    blocked: ['jwks_fits:fail'],
    check: {
      id: 'jwks_fits',
      class: 'policy',
      message: /too large for 1 service/,
      offenders: ['edge jwks_too_large'],
      help: /remove keys nobody needs/,
    },
  },
  {
    name: 'a tenth: close to the limit, and said so',
    from: EDGE({ jwksKeysMax: 10 }),
    given: ({ world }) => {
      world.join('edge').report();
      world.sight(world.served, undefined, { untrackedKeys: 8 });
    },
    status: 'open',
    check: { id: 'jwks_fits', message: /up to 10 keys .*100 % of the smallest limit/ },
  },
  {
    name: 'a third of ten',
    from: EDGE({ jwksKeysMax: 10 }),
    given: ({ world }) => void world.join('edge').report(),
    status: 'open',
    check: { id: 'jwks_fits', message: /up to 2 keys and 2676 bytes$/ },
  },
  {
    name: 'a document that one more key makes larger than is taken',
    from: EDGE({ jwksBytesMax: 51_200 }),
    given: ({ world }) => {
      world.join('edge').report();
      world.sight(world.served, undefined, { bytes: 50_000, untrackedKeys: 99 });
    },
    status: 'closed',
    blocked: ['jwks_fits:fail'],
    check: { id: 'jwks_fits', offenders: ['edge jwks_too_large'] },
  },
  {
    name: 'keys with certificates: the next one is as large as they are',
    from: EDGE({ jwksBytesMax: 51_200 }),
    given: ({ world }) => {
      world.join('edge').report();
      world.sight(world.served, undefined, { bytes: 36_000, untrackedKeys: 3 });
    },
    status: 'closed',
    blocked: ['jwks_fits:fail'],
  },
  {
    name: 'the new key is in it already: what is there counts',
    from: { ...EDGE({ jwksBytesMax: 51_200, jwksKeysMax: 10 }), until: 'published' },
    given: ({ world }) => {
      world.join('edge').report();
      world.sight(world.served, undefined, { bytes: 51_200, untrackedKeys: 8 });
    },
    status: 'open',
  },
  {
    name: 'one that need not be asked may have any limit',
    from: {
      until: 'started',
      services: [serviceOf('edge', { required: false, profile: profileOf({ jwksKeysMax: 1 }) })],
    },
    given: () => undefined,
    status: 'open',
    check: { id: 'jwks_fits', message: /no service has a known limit/ },
  },
];

gateTable(t, 'publish', SITUATIONS);

t.test('the size of a JWKS that was not read since the start is not known', async (t) => {
  const { world, id } = rotating({ until: 'started', services: [limited({ jwksKeysMax: 10 })] });
  world.restart();
  t.match(checkOf(world.gate(id, 'publish'), 'jwks_fits'), { status: 'unknown' });
  world.sightFailure();
  t.match(checkOf(world.gate(id, 'publish'), 'jwks_fits'), { status: 'unknown' });
  world.sight();
  t.match(checkOf(world.gate(id, 'publish'), 'jwks_fits'), { status: 'pass' });
});
