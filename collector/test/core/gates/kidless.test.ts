import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { ISSUER, issuerOf, NEW, OLD, serviceOf, START_MS } from '../../support/policies.ts';

const OF = ['tokens_have_kid'];
const ACCEPTED = { kid: null, outcomes: { ok: 3 } } as const;
const UNDECLARED = { issuers: new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: null })]]) };

const SITUATIONS: readonly Situation[] = [
  {
    name: 'none was accepted',
    given: ({ a }) => void a.report({ counts: [{ kid: null, outcomes: { malformed: 5 } }] }),
    status: 'open',
    reads: {
      of: OF,
      lines: ['pass evidence tokens_have_kid: no token without a kid has been accepted'],
    },
  },
  {
    name: 'two accept them, one refuses them, and another issuer is another matter',
    given: ({ world, a, b }) => {
      a.report({ counts: [ACCEPTED] });
      world.pass(20_000);
      b.report({ counts: [ACCEPTED] });
      world.join('orders', 'c').report({ counts: [{ kid: null, outcomes: { malformed: 5 } }] });
      world
        .join('orders', 'd', { issuers: [ISSUER, 'https://other.test'] })
        .report({ counts: [{ ...ACCEPTED, issuer: 'https://other.test' }] });
      world.pass(1_000);
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    reads: {
      of: OF,
      lines: [
        'fail evidence tokens_have_kid: tokens without a kid are accepted; a second key would make verifiers refuse them | since 00:01:00Z | clears 00:11:30Z | help: make the issuer set `kid` in every token header',
        '  orders/a/jwks kid_missing since 00:01:00Z: accepts tokens without a kid',
        '  orders/b/jwks kid_missing since 00:01:20Z: accepts tokens without a kid',
      ],
    },
  },
  {
    name: 'they do not say when they were signed, and end later than any is declared to',
    given: ({ world, a }) => {
      a.report({ counts: [{ ...ACCEPTED, expS: START_MS / 1_000 + 3_600, withoutIat: 3 }] });
      world.pass(1_200_000);
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    reads: {
      of: OF,
      lines: [
        'fail evidence tokens_have_kid: tokens without a kid are accepted; a second key would make verifiers refuse them | since 00:01:00Z | clears 01:00:10Z | help: make the issuer set `kid` in every token header',
        '  orders/a/jwks kid_missing since 00:01:00Z: accepts tokens without a kid',
      ],
    },
  },
  {
    name: 'they have no end',
    given: ({ a }) => void a.report({ counts: [{ ...ACCEPTED, withoutExp: 2 }] }),
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    reads: {
      of: OF,
      lines: [
        'fail evidence tokens_have_kid: tokens without a kid are accepted; a second key would make verifiers refuse them; 2 accepted tokens had no expiry either | since 00:01:00Z | help: replace those tokens, then waive this check with `keyturn waive`',
        '  orders/a/jwks kid_missing since 00:01:00Z: accepts tokens without a kid',
      ],
    },
  },
  {
    name: 'how long they live is not known',
    from: { policy: UNDECLARED },
    given: ({ a }) => void a.report({ counts: [ACCEPTED] }),
    status: 'unknown',
    blocked: ['tokens_have_kid:unknown'],
    reads: {
      of: OF,
      lines: [
        'unknown evidence tokens_have_kid: tokens without a kid have been accepted, and their longest lifetime is unknown | since 00:01:00Z | help: set issuers[].max_token_lifetime',
      ],
    },
  },
  {
    name: 'how long tokens live was seen',
    from: { policy: UNDECLARED },
    given: ({ world, a }) => {
      a.report({ counts: [{ ...ACCEPTED, lifetimeS: 300 }] });
      return world.atMs + 310_000;
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
  },
  {
    name: 'the longest lifetime ever declared counts, though less is declared now',
    given: ({ world, a }) => {
      a.report({ counts: [ACCEPTED] });
      const atMs = world.atMs;
      const issuers = new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: 60_000 })]]);
      world.restart({ policy: { ...world.policy, issuers } });
      world.pass(120_000);
      return atMs + 610_000;
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    reads: {
      of: OF,
      lines: [
        'fail evidence tokens_have_kid: tokens without a kid are accepted; a second key would make verifiers refuse them | since 00:01:00Z | clears 00:11:10Z | help: make the issuer set `kid` in every token header',
        '  orders/a/jwks kid_missing since 00:01:00Z: accepts tokens without a kid',
      ],
    },
  },
  {
    name: 'the last was long ago',
    given: ({ world, a }) => {
      a.report({ counts: [ACCEPTED] });
      world.pass(610_000);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass evidence tokens_have_kid: the last token without a kid was accepted at 00:01:00Z',
      ],
    },
  },
];

gateTable(
  t,
  'publish',
  SITUATIONS.map((situation) => ({ ...situation, from: { until: 'started', ...situation.from } })),
);

gateTable(t, 'retire', [
  {
    name: 'they may be of the old key, so they end with a margin',
    from: { until: 'switched', services: [serviceOf('extras', { required: false })] },
    given: ({ world, switchedAtMs }) => {
      world.pass(300_000);
      world.join('extras').report({ keys: [OLD, NEW], counts: [ACCEPTED] });
      const lastMs = world.atMs;
      world.pass(switchedAtMs + 700_000 - world.atMs);
      return lastMs + 600_000 + 10_000 + 60_000;
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    reads: {
      lines: [
        'fail evidence tokens_have_kid: tokens without a kid are accepted and may be of the old key | since 00:06:30Z | clears 00:17:40Z | help: make the issuer set `kid` in every token header',
        '  extras/i1/jwks kid_missing since 00:06:30Z: accepts tokens without a kid',
      ],
    },
  },
]);
