import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { ISSUER, issuerOf, keyOf, NEW, OLD, VANTAGE } from '../../support/policies.ts';

const OF = ['new_key_published', 'old_key_published', 'key_identity'];
const SECOND = 'https://eu.issuer.test/jwks';

const SITUATIONS: readonly Situation[] = [
  {
    name: 'both keys are served',
    given: () => undefined,
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy key_identity: each kid stands for one key',
        'pass evidence new_key_published: key new is served at every vantage since 00:01:30Z | since 00:01:30Z',
        'pass evidence old_key_published: key old is still served',
      ],
    },
  },
  {
    name: 'the new key was never seen',
    from: { until: 'started' },
    given: () => undefined,
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
    reads: {
      of: OF,
      lines: [
        'pass policy key_identity: each kid stands for one key',
        'fail evidence new_key_published: key new has not been seen in the JWKS | since 00:01:00Z',
        'pass evidence old_key_published: key old is still served',
      ],
    },
  },
  {
    name: 'the new key was seen once',
    from: { until: 'started' },
    given: ({ world }) => {
      world.pass(10_000);
      world.sight([OLD, NEW]);
      world.pass(1_000, { unwatched: true });
    },
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
    reads: {
      of: ['new_key_published'],
      lines: [
        'fail evidence new_key_published: key new has not been seen twice in a row at every vantage | since 00:01:10Z',
      ],
    },
  },
  {
    name: 'of two addresses one has not served it',
    from: {
      until: 'started',
      policy: { issuers: new Map([[ISSUER, issuerOf({ vantages: [VANTAGE, SECOND] })]]) },
    },
    given: ({ world }) => {
      for (let i = 0; i < 3; i++) {
        world.sight([OLD, NEW]);
        world.sight([OLD], SECOND);
      }
    },
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
    reads: {
      of: OF,
      lines: [
        'pass policy key_identity: each kid stands for one key',
        'fail evidence new_key_published: key new has not been seen twice in a row at every vantage | since 00:01:00Z',
        'pass evidence old_key_published: key old is still served',
      ],
    },
  },
  {
    name: 'the collector started again and has read nothing yet',
    given: ({ world }) => {
      world.pass(1_000);
      world.restart();
      world.pass(1_000, { unwatched: true });
    },
    status: 'unknown',
    blocked: [
      'collector_ready:unknown',
      'jwks_healthy:unknown',
      'clock_agrees:unknown',
      'new_key_published:unknown',
      'old_key_published:unknown',
    ],
    reads: {
      of: OF,
      lines: [
        'pass policy key_identity: each kid stands for one key',
        'unknown evidence new_key_published: key new has not been seen since the collector started | since 00:01:36Z',
        'unknown evidence old_key_published: key old has not been seen since the collector started | since 00:01:36Z',
      ],
    },
  },
  {
    name: 'the new key took the place of the old one',
    given: ({ world }) => world.sight([NEW]),
    status: 'closed',
    blocked: ['old_key_published:fail'],
    reads: {
      of: OF,
      lines: [
        'pass policy key_identity: each kid stands for one key',
        'pass evidence new_key_published: key new is served at every vantage since 00:01:30Z | since 00:01:30Z',
        'fail evidence old_key_published: key old is not served at every vantage, and tokens signed by it may be live | help: publish old again at every origin',
      ],
    },
  },
  {
    name: 'another key is served under the kid of the old one',
    given: ({ world }) => world.sight([OLD, NEW, keyOf('old', 'other')]),
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: ['key_identity'],
      lines: [
        'fail policy key_identity: kid old has been seen with more than one thumbprint; verifiers may hold either | help: generate a key under a kid that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'another key is served under the kid of the new one',
    given: ({ world }) => world.sight([OLD, NEW, keyOf('new', 'other')]),
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: ['key_identity'],
      lines: [
        'fail policy key_identity: kid new has been seen with more than one thumbprint; verifiers may hold either | help: generate a key under a kid that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'kids of other keys are nobody’s business',
    given: ({ world }) => world.sight([OLD, NEW, keyOf('x', '1'), keyOf('x', '2')]),
    status: 'open',
    reads: {
      of: ['key_identity'],
      lines: ['pass policy key_identity: each kid stands for one key'],
    },
  },
  {
    name: 'the kid of the new key was retired before',
    from: { until: 'retired' },
    given: ({ world, id }) => {
      world.declare(id, 'complete');
      world.start({ oldKid: 'new', newKid: 'old' });
    },
    asks: 'r-2',
    status: 'closed',
    blocked: ['key_identity:fail', 'new_key_published:fail', 'new_key_known:fail'],
    reads: {
      of: ['key_identity'],
      lines: [
        'fail policy key_identity: kid old was retired before | help: generate a key under a kid that was never used',
      ],
    },
  },
  {
    name: 'the published key is not the one that the rotation named',
    from: { until: 'started' },
    given: ({ world, id }) => {
      world.declare(id, 'abort');
      world.start({ newThumbprint: keyOf('new', 'meant').thumbprint });
      world.pass(10_000);
      world.sight([OLD, NEW]);
    },
    asks: 'r-2',
    status: 'closed',
    blocked: ['key_identity:fail', 'new_key_published:fail', 'new_key_known:fail'],
    reads: {
      of: ['key_identity'],
      lines: [
        'fail policy key_identity: kid new is published with thumbprint EVB6Di9eadXfpApiob17buV-a82FxnybhDGzb_8hxDc, the rotation named wjTCSiQx4Ztlm-c6TsnLBI-NcaqI6uFdxPRBief88xw | since 00:01:10Z',
      ],
    },
  },
  {
    name: 'the published key is the one that the rotation named, and names no algorithm',
    from: { until: 'started' },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'abort');
      world.start({ newThumbprint: NEW.thumbprint });
      world.served = [OLD, { ...NEW, alg: '' }];
      world.pass(30_000);
      for (const verifier of [a, b]) verifier.report({ keys: world.served });
    },
    asks: 'r-2',
    status: 'open',
    reads: {
      of: ['key_identity'],
      lines: ['pass policy key_identity: each kid stands for one key'],
    },
  },
  {
    name: 'the published key is for another algorithm',
    from: { until: 'started' },
    given: ({ world }) => {
      world.pass(10_000);
      world.sight([OLD, { ...NEW, alg: 'ES256' }]);
    },
    status: 'closed',
    blocked: ['key_identity:fail', 'new_key_published:fail', 'new_key_known:fail'],
    reads: {
      of: ['key_identity'],
      lines: [
        'fail policy key_identity: kid new is published for ES256, the rotation is for RS256 | since 00:01:10Z',
      ],
    },
  },
];

gateTable(t, 'activate', SITUATIONS);
