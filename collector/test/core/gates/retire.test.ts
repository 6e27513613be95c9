import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { issuerOf, ISSUER, NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';

// How retire is fooled, as stories: ../retire-fooled.test.ts. Here, every check of the gate on its own.

const BOTH = { keys: [OLD, NEW] };
/** Lifetime, skew and safety of the world's issuer. */
const GONE_MS = 600_000 + 10_000 + 60_000;
const UNDECLARED = { issuers: new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: null })]]) };

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a lifetime after the switch',
    given: ({ world }) => world.pass(GONE_MS),
    status: 'open',
  },
  {
    name: 'a second less',
    given: ({ world, switchedAtMs }) => {
      world.pass(GONE_MS - 1_000);
      return switchedAtMs + GONE_MS;
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail'],
    check: { id: 'old_tokens_expired', class: 'time', clears: true },
  },
  {
    name: 'nobody declared the switch',
    from: { until: 'known' },
    given: ({ world }) => world.pass(GONE_MS),
    status: 'closed',
    blocked: [
      'signer_switched:fail',
      'new_key_in_use:unknown',
      'old_tokens_expired:unknown',
      'old_key_not_signing:unknown',
      'old_key_unused:unknown',
    ],
    check: { id: 'signer_switched', class: 'policy', help: /^keyturn rotation activate r-1$/ },
  },
  {
    name: 'nobody knows how long tokens live',
    from: { until: 'known', policy: UNDECLARED },
    given: ({ world, id }) => {
      world.declare(id, 'activate');
      world.pass(GONE_MS);
    },
    status: 'unknown',
    blocked: ['new_key_in_use:unknown', 'old_tokens_expired:unknown', 'old_key_unused:unknown'],
    check: { id: 'old_tokens_expired', help: /^set issuers\[\]\.max_token_lifetime/ },
  },
  {
    name: 'the lifetime was seen, though nobody declared it',
    from: { until: 'switched', policy: UNDECLARED },
    given: ({ world }) => world.pass(300_000 + 70_000),
    status: 'open',
  },
  {
    name: 'the new key left the JWKS',
    given: ({ world }) => {
      world.pass(GONE_MS);
      world.sight([OLD]);
    },
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
  },
  {
    name: 'a verifier lost the new key',
    given: ({ world, b }) => {
      world.pass(GONE_MS);
      b.report({ ...b.said, keys: [OLD] });
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['orders/b/jwks absent'] },
  },
  {
    name: 'a service judged by time may lack the new key',
    from: {
      services: [
        serviceOf('mesh', {
          evidence: 'timed',
          instances: null,
          profile: profileOf({ newKidRefusedS: 86_400 }),
        }),
      ],
    },
    given: ({ world }) => world.pass(GONE_MS),
    status: 'closed',
    blocked: ['time_elapsed:fail'],
  },
  {
    name: 'an attestation of the new key ran out meanwhile',
    from: { services: [serviceOf('ledger', { evidence: 'attested', instances: null })] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { validForMs: 300_000 });
      world.pass(GONE_MS);
    },
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'one behind the proxy cannot count: listed, does not block',
    from: { services: [serviceOf('edge', { evidence: 'served' })] },
    given: ({ world }) => {
      world.join('edge', 'c', { source: 'proxy' }).report(BOTH);
      world.pass(GONE_MS);
    },
    status: 'open',
    check: {
      id: 'everyone_counts',
      class: 'coverage',
      offenders: ['edge/c/jwks uncounted'],
      message: /policy lets that pass/,
    },
  },
  {
    name: 'one behind the proxy cannot count, and policy blocks',
    from: {
      services: [serviceOf('edge', { evidence: 'served' })],
      policy: { uncountedBlocksRetire: true },
    },
    given: ({ world }) => {
      world.join('edge', 'c', { source: 'proxy' }).report(BOTH);
      world.pass(GONE_MS);
    },
    status: 'unknown',
    blocked: ['everyone_counts:unknown'],
  },
  {
    name: 'an optional service that uses the old key holds it open for nobody',
    from: { services: [serviceOf('extras', { required: false, instances: null })] },
    given: ({ world, switchedAtMs }) => {
      world.pass(500_000);
      const iatS = Math.floor(world.atMs / 1_000);
      world.join('extras').report({
        keys: [OLD],
        counts: [{ kid: 'old', outcomes: { ok: 1 }, iatS, lifetimeS: 300 }],
      });
      world.pass(switchedAtMs + GONE_MS - world.atMs);
      return iatS * 1_000 + GONE_MS;
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    check: {
      id: 'old_key_not_signing',
      class: 'evidence',
      message: /^old still signed at .*: a signer was left behind, or the issuer hands out tokens/,
      offenders: ['extras/i1/jwks accepts_late'],
      help: /restart every signer that still uses old/,
      clears: true,
    },
  },
  {
    name: 'a token without iat ends later than any signed before the switch',
    given: ({ world, a, switchedAtMs }) => {
      world.pass(60_000);
      const expS = Math.floor(switchedAtMs / 1_000) + 600 + 30;
      a.report({
        keys: [OLD, NEW],
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, expS, withoutIat: 1 },
          { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
        ],
      });
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    check: {
      id: 'old_key_not_signing',
      offenders: ['orders/a/jwks accepts_late'],
    },
  },
  {
    name: 'tokens that do not say when they were signed accuse nobody',
    given: ({ world, a, switchedAtMs }) => {
      world.pass(60_000);
      a.report({
        keys: [OLD, NEW],
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, withoutIat: 1 },
          { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
        ],
      });
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:unknown'],
    check: { id: 'old_key_not_signing', offenders: [], clears: true },
  },
  {
    name: 'a signer within the spread that was declared is not late',
    from: {
      until: 'switched',
      policy: { issuers: new Map([[ISSUER, issuerOf({ switchSpreadMs: 120_000 })]]) },
    },
    given: ({ world, a, switchedAtMs }) => {
      world.pass(125_000);
      a.report({
        keys: [OLD, NEW],
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, iatS: switchedAtMs / 1_000 + 120, lifetimeS: 300 },
          { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
        ],
      });
      return switchedAtMs + 120_000 + GONE_MS;
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail'],
  },
];

gateTable(
  t,
  'retire',
  SITUATIONS.map((situation) => ({ ...situation, from: { until: 'switched', ...situation.from } })),
);
