import t from 'tap';
import { jwksFits } from '../../../src/core/gates/jwks-fits.ts';
import { reading } from '../../support/reading.ts';
import {
  ISSUER,
  issuerOf,
  NEW,
  OLD,
  profileOf,
  serviceOf,
  VANTAGE,
} from '../../support/policies.ts';
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

const sized =
  (bytes: number, untrackedKeys = 0): Situation['given'] =>
  ({ world }) =>
    world.sight(world.served, undefined, { bytes, untrackedKeys });
const two = (part: Parameters<typeof profileOf>[0], other: Parameters<typeof profileOf>[0]) => ({
  until: 'started' as const,
  services: [
    { ...limited(part), required: true, declared: false },
    { ...limited(other), name: 'slim', declared: false },
    serviceOf('free', { instances: null, declared: false }),
  ],
});
const FITS = { of: ['jwks_fits'] };

gateTable(t, 'publish', [
  {
    name: 'reads: two limits, both passed by the next key',
    from: two({ jwksBytesMax: 2_000, jwksKeysMax: 1 }, { jwksKeysMax: 1 }),
    given: sized(500),
    status: 'closed',
    blocked: ['jwks_fits:fail'],
    reads: {
      ...FITS,
      lines: [
        'fail policy jwks_fits: with new the JWKS is too large for 2 services | help: remove keys nobody needs from the JWKS, or raise the limit of those services and say so under services[].overrides',
        '  edge jwks_too_large: takes at most 2000 bytes, up to 2676 would come and at most 1 key, 2 would come',
        '  slim jwks_too_large: takes at most 1 key, 2 would come',
      ],
    },
  },
  {
    name: 'reads: two services, one with room',
    from: two({ jwksBytesMax: 2_675 }, { jwksBytesMax: 2_676 }),
    given: sized(500),
    status: 'closed',
    blocked: ['jwks_fits:fail'],
    reads: {
      ...FITS,
      lines: [
        'fail policy jwks_fits: with new the JWKS is too large for 1 service | help: remove keys nobody needs from the JWKS, or raise the limit of those services and say so under services[].overrides',
        '  edge jwks_too_large: takes at most 2675 bytes, up to 2676 would come',
      ],
    },
  },
  {
    name: 'reads: of two limits that is named which is passed',
    from: two({ jwksBytesMax: 2_676, jwksKeysMax: 1 }, { jwksBytesMax: 2_675, jwksKeysMax: 2 }),
    given: sized(500),
    status: 'closed',
    blocked: ['jwks_fits:fail'],
    reads: {
      ...FITS,
      lines: [
        'fail policy jwks_fits: with new the JWKS is too large for 2 services | help: remove keys nobody needs from the JWKS, or raise the limit of those services and say so under services[].overrides',
        '  edge jwks_too_large: takes at most 1 key, 2 would come',
        '  slim jwks_too_large: takes at most 2675 bytes, up to 2676 would come',
      ],
    },
  },
  {
    name: 'reads: as large as is taken',
    from: two({ jwksBytesMax: 2_676 }, { jwksKeysMax: 2 }),
    given: sized(500),
    status: 'open',
    reads: {
      ...FITS,
      lines: [
        'pass policy jwks_fits: with new the JWKS has up to 2 keys and 2676 bytes, 100 % of the smallest limit',
      ],
    },
  },
  {
    name: 'reads: four fifths of the smallest limit',
    from: two({ jwksBytesMax: 100_000 }, { jwksKeysMax: 10 }),
    given: sized(500, 6),
    status: 'open',
    reads: {
      ...FITS,
      lines: [
        'pass policy jwks_fits: with new the JWKS has up to 8 keys and 2676 bytes, 80 % of the smallest limit',
      ],
    },
  },
  {
    name: 'reads: less than that',
    from: two({ jwksBytesMax: 100_000 }, { jwksKeysMax: 11 }),
    given: sized(500, 6),
    status: 'open',
    reads: {
      ...FITS,
      lines: ['pass policy jwks_fits: with new the JWKS has up to 8 keys and 2676 bytes'],
    },
  },
  {
    name: 'reads: one key with its certificates is as large as all there is',
    from: two({ jwksBytesMax: 100_000 }, { jwksKeysMax: 100 }),
    given: sized(9_000),
    status: 'open',
    reads: {
      ...FITS,
      lines: ['pass policy jwks_fits: with new the JWKS has up to 2 keys and 18000 bytes'],
    },
  },
  {
    name: 'reads: of several keys twice the mean',
    from: two({ jwksBytesMax: 100_000 }, { jwksKeysMax: 100 }),
    given: sized(9_001, 2),
    status: 'open',
    reads: {
      ...FITS,
      lines: ['pass policy jwks_fits: with new the JWKS has up to 4 keys and 15002 bytes'],
    },
  },
  {
    name: 'reads: no limit is known',
    from: { until: 'started' },
    given: sized(9_000_000),
    status: 'open',
    reads: { ...FITS, lines: ['pass policy jwks_fits: no service has a known limit on the JWKS'] },
  },
] satisfies readonly Situation[]);

t.test('what one more key may add, by its algorithm', (t) => {
  const { world, id } = rotating({ until: 'started', services: [limited({ jwksKeysMax: 10 })] });
  const record = world.state.rotations.get(id);
  if (record === undefined) throw new Error('no rotation');
  const bytes = (alg: string) => {
    const { message } = jwksFits(world.state, { ...record, alg });
    return Number(/ and (\d+) bytes/.exec(message)?.[1]) - 500 - 128;
  };
  for (const alg of ['RS256', 'PS512']) t.equal(bytes(alg), 2_048, alg);
  for (const alg of ['ES256', 'EdDSA', 'Ed25519']) t.equal(bytes(alg), 512, alg);
  for (const alg of ['ML-DSA-87', 'XRS256', 'XES1', 'RSA', '']) t.equal(bytes(alg), 4_096, alg);
  t.end();
});

t.test('a size that is not known, in words', (t) => {
  const { world, id } = rotating({ until: 'started', services: [limited({ jwksKeysMax: 10 })] });
  world.restart();
  t.same(reading(world.gate(id, 'publish'), ['jwks_fits']), [
    'unknown policy jwks_fits: 1 service with a limit on the JWKS, whose size has not been seen | help: keyturn doctor',
  ]);
  t.end();
});

const REPLICA = 'https://replica.test/jwks';

t.test('of several addresses the largest answer counts, and all must have been read', (t) => {
  const { world, id } = rotating({
    until: 'started',
    services: [{ ...limited({ jwksKeysMax: 10 }), declared: false }],
    policy: { issuers: new Map([[ISSUER, issuerOf({ vantages: [VANTAGE, REPLICA] })]]) },
  });
  const said = () => reading(world.gate(id, 'publish'), ['jwks_fits']);
  t.match(said(), [/size has not been seen/]);
  world.sight([OLD, NEW], VANTAGE, { bytes: 900, untrackedKeys: 2 });
  t.match(said(), [/size has not been seen/], 'the replica was not read');
  world.sight([OLD], REPLICA, { bytes: 9_000 });
  t.match(said(), [/up to 4 keys and 18000 bytes$/]);
  world.sight([OLD, NEW], REPLICA, { bytes: 500 });
  t.match(said(), [/up to 4 keys and 900 bytes$/], 'the new key is in both');
  world.sightFailure('expected status 200, got 500', VANTAGE);
  t.match(said(), [/size has not been seen/]);
  t.end();
});
