import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { issuerOf, ISSUER, keyOf, NEW, OLD } from '../../support/policies.ts';

const KIDLESS = { kid: null, outcomes: { ok: 3 } } as const;
const UNDECLARED_LIFETIME = {
  issuers: new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: null })]]),
};

const SITUATIONS: readonly Situation[] = [
  { name: 'nothing speaks against', given: () => undefined, status: 'open' },
  {
    name: 'tokens without kid are accepted',
    given: ({ world, a }) => {
      a.report({ keys: [OLD], counts: [KIDLESS] });
      return world.atMs + 600_000 + 10_000;
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    check: {
      id: 'tokens_have_kid',
      class: 'evidence',
      offenders: ['orders/a/jwks kid_missing'],
      help: /set `kid`/,
      clears: true,
    },
  },
  {
    name: 'tokens without kid were accepted a lifetime ago',
    given: ({ world, a }) => {
      a.report({ keys: [OLD], counts: [KIDLESS] });
      world.pass(610_000);
    },
    status: 'open',
  },
  {
    name: 'the last of them a moment before',
    given: ({ world, a }) => {
      a.report({ keys: [OLD], counts: [KIDLESS] });
      world.pass(609_000);
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
  },
  {
    name: 'a lifetime ago by a clock that was set back',
    given: ({ world, a }) => {
      a.report({ keys: [OLD], counts: [KIDLESS] });
      world.pass(610_000);
      world.stepWall(-1_000);
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
  },
  {
    name: 'tokens without kid and exp come back any time',
    given: ({ world, a }) => {
      a.report({ keys: [OLD], counts: [{ ...KIDLESS, withoutExp: 1 }] });
      world.pass(6_000_000);
    },
    status: 'closed',
    blocked: ['tokens_have_kid:fail'],
    check: { id: 'tokens_have_kid', message: /1 accepted token had no expiry/, clears: false },
  },
  {
    name: 'tokens without kid, and nobody knows how long they live',
    from: { until: 'started', policy: UNDECLARED_LIFETIME },
    given: ({ a }) => void a.report({ keys: [OLD], counts: [KIDLESS] }),
    status: 'unknown',
    blocked: ['tokens_have_kid:unknown'],
    check: { id: 'tokens_have_kid', help: /max_token_lifetime/ },
  },
  {
    name: 'the kid stands for another key already',
    given: ({ world }) => {
      world.sight([OLD, NEW]);
      world.sight([OLD, keyOf('new', 'x')]);
    },
    status: 'closed',
    blocked: ['key_identity:fail'],
    check: { id: 'key_identity', help: /a kid that was never used/ },
  },
  {
    name: 'the published key is for another algorithm',
    given: ({ world }) => world.sight([OLD, { ...NEW, alg: 'ES256' }]),
    status: 'closed',
    blocked: ['key_identity:fail'],
    check: { id: 'key_identity', message: /published for ES256, the rotation is for RS256/ },
  },
  {
    name: 'one is silent: whoever accepts tokens without kid is not known',
    given: ({ world }) => world.pass(60_000, { silent: ['orders/b'] }),
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
  },
];

gateTable(
  t,
  'publish',
  SITUATIONS.map((situation) => ({ ...situation, from: { until: 'started', ...situation.from } })),
);
