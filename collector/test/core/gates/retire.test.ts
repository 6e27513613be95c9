import t from 'tap';
import { pass } from '../../../src/core/gates/check.ts';
import { observedHelp } from '../../../src/core/gates/observed-help.ts';
import { signerSwitched } from '../../../src/core/gates/signer-switched.ts';
import { switchedAtAll } from '../../../src/core/gates/rollback.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { readingOf } from '../../support/reading.ts';
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

const READS: readonly Situation[] = [
  {
    name: 'reads: nothing stands against it',
    given: ({ world }) => world.pass(GONE_MS),
    status: 'open',
    reads: {
      of: 'all',
      lines: [
        'pass health no_alert: no alert fires that speaks against going on',
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        'pass health jwks_healthy: the JWKS is readable at 1 vantage',
        'pass health clock_agrees: the clocks of collector and issuer agree',
        'pass policy one_rotation: no other rotation is open for this issuer and alg',
        'pass policy key_identity: each kid stands for one key',
        'pass evidence rejects_bogus: no verifier is known to accept a bogus signature',
        'pass policy signer_switched: the signer was switched at 00:01:30Z | since 00:01:30Z',
        'pass evidence new_key_in_use: tokens signed by new are accepted since 00:01:30Z',
        'pass time old_tokens_expired: the last token of old has expired',
        'pass evidence old_key_not_signing: no token signed by old after the switch has been accepted',
        'pass policy old_tokens_end: every token seen has an expiry',
        'pass evidence tokens_have_kid: no token without a kid has been accepted',
        'pass evidence old_key_unused: no token of old accepted since it should be gone',
        'pass evidence new_key_published: key new is served at every vantage since 00:01:30Z | since 00:01:30Z',
        'pass evidence new_key_known: 2 verifiers with evidence of new',
        'pass policy attested: no service depends on attestation',
        'pass time time_elapsed: no service is judged by time alone',
        'pass time population_covered: no population is unmanaged',
        'pass coverage fleet_heard: 1 service report in full',
        'pass coverage everyone_counts: every verifier counts outcomes',
      ],
    },
  },
  {
    name: 'reads: nobody declared the switch',
    from: { until: 'known' },
    given: ({ world }) => world.pass(5_000),
    status: 'closed',
    blocked: [
      'signer_switched:fail',
      'new_key_in_use:unknown',
      'old_tokens_expired:unknown',
      'old_key_not_signing:unknown',
      'old_key_unused:unknown',
    ],
    reads: {
      lines: [
        'fail policy signer_switched: nobody has declared that the signer was switched | since 00:01:00Z | help: keyturn rotation activate r-1',
        'unknown evidence new_key_in_use: use is judged from the switch of the signer | help: check that the issuer really signs with the new key',
        'unknown time old_tokens_expired: time counts from the switch of the signer',
        'unknown evidence old_key_not_signing: signing is judged from the switch',
        'unknown evidence old_key_unused: use is judged from the end of the last old token',
      ],
    },
  },
  {
    name: 'reads: a switch that nobody has seen',
    from: { until: 'known' },
    given: ({ world, id }) => {
      world.pass(5_000);
      world.declare(id, 'activate');
      world.pass(7_000);
    },
    status: 'closed',
    blocked: ['new_key_in_use:unknown', 'old_tokens_expired:fail'],
    reads: {
      lines: [
        'unknown evidence new_key_in_use: no verifier has accepted a token signed by new since the switch | since 00:01:35Z | help: check that the issuer really signs with the new key',
        'fail time old_tokens_expired: tokens signed by old may be live until 00:12:45Z | since 00:01:35Z | clears 00:12:45Z',
      ],
    },
  },
  {
    name: 'reads: nobody knows how long tokens live',
    from: { until: 'known', policy: UNDECLARED },
    given: ({ world, id }) => {
      world.declare(id, 'activate');
      world.pass(7_000);
    },
    status: 'unknown',
    blocked: ['new_key_in_use:unknown', 'old_tokens_expired:unknown', 'old_key_unused:unknown'],
    reads: {
      lines: [
        'unknown evidence new_key_in_use: no verifier has accepted a token signed by new since the switch | since 00:01:30Z | help: check that the issuer really signs with the new key',
        'unknown time old_tokens_expired: the longest token lifetime is neither declared nor seen, so nobody can say when old tokens end | help: set issuers[].max_token_lifetime for https://issuer.test',
        'unknown evidence old_key_unused: use is judged from the end of the last old token',
      ],
    },
  },
  {
    name: 'reads: tokens of the old key are live',
    given: ({ world }) => world.pass(7_000),
    status: 'closed',
    blocked: ['old_tokens_expired:fail'],
    reads: {
      lines: [
        'fail time old_tokens_expired: tokens signed by old may be live until 00:12:40Z | since 00:01:30Z | clears 00:12:40Z',
      ],
    },
  },
  {
    name: 'reads: tokens of the old key without an end',
    given: ({ world, a }) => {
      const [old, fresh] = a.said.counts ?? [];
      if (old === undefined || fresh === undefined) throw new Error('no counts');
      a.report({ ...a.said, counts: [{ ...old, outcomes: { ok: 12 }, withoutExp: 2 }, fresh] });
      world.pass(GONE_MS);
    },
    status: 'closed',
    blocked: ['old_tokens_end:fail'],
    reads: {
      lines: [
        'fail policy old_tokens_end: 2 accepted tokens of old had no expiry and would be refused for ever | help: replace those tokens, then waive this check with `keyturn waive`',
      ],
    },
  },
  {
    name: 'reads: the old key is used after its last token should be gone',
    from: { services: [serviceOf('web', { required: false, instances: null })] },
    given: ({ world, b, switchedAtMs }) => {
      world.pass(GONE_MS + 2_000);
      const iatS = switchedAtMs / 1_000 - 60;
      const late = { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 };
      b.report({ ...b.said, counts: [late, { kid: 'new', outcomes: { ok: 1 }, iatS: iatS + 60 }] });
      world.join('web', 'w', { issuers: [ISSUER, 'https://other.test'] }).report({
        keys: [OLD, NEW],
        counts: [
          { ...late, issuer: 'https://other.test' },
          { kid: 'new', outcomes: { ok: 3 } },
          { kid: 'foreign', outcomes: { unknown_kid: 3 } },
        ],
      });
      return world.atMs + GONE_MS;
    },
    status: 'closed',
    blocked: ['old_key_unused:fail'],
    reads: {
      lines: [
        'fail evidence old_key_unused: a token of old was accepted after all should have expired: a late signer, or a longer lifetime than known | since 00:12:42Z | clears 00:23:52Z',
        '  orders/b/jwks accepts_old since 00:12:42Z: accepted a token of old at 00:12:42Z',
      ],
    },
  },
  {
    name: 'reads: it was used so, and that is a lifetime ago',
    given: ({ world, b, switchedAtMs }) => {
      world.pass(GONE_MS + 2_000);
      const iatS = switchedAtMs / 1_000 - 60;
      b.report({
        ...b.said,
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 },
          { kid: 'new', outcomes: { ok: 1 }, iatS: iatS + 60 },
        ],
      });
      world.pass(GONE_MS);
    },
    status: 'open',
    reads: {
      of: ['old_key_unused'],
      lines: ['pass evidence old_key_unused: no token of old accepted for one lifetime'],
    },
  },
  {
    name: 'reads: used for the last time at the very moment it ends',
    given: ({ world, b, switchedAtMs }) => {
      world.pass(GONE_MS);
      const iatS = switchedAtMs / 1_000 - 60;
      b.report({
        ...b.said,
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 },
          { kid: 'new', outcomes: { ok: 1 }, iatS: iatS + 60 },
        ],
      });
    },
    status: 'open',
    reads: {
      of: ['old_key_unused'],
      lines: ['pass evidence old_key_unused: no token of old accepted since it should be gone'],
    },
  },
  {
    name: 'reads: a signer was left behind',
    given: ({ world, b, switchedAtMs }) => {
      world.pass(60_000);
      const iatS = switchedAtMs / 1_000 + 30;
      b.report({
        ...b.said,
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 },
          { kid: 'new', outcomes: { ok: 1 }, iatS },
        ],
      });
      return iatS * 1_000 + GONE_MS;
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    reads: {
      lines: [
        'fail time old_tokens_expired: tokens signed by old may be live until 00:13:10Z | since 00:01:30Z | clears 00:13:10Z',
        'fail evidence old_key_not_signing: old still signed at 00:02:00Z, after the switch: a signer was left behind, or the issuer hands out tokens it has kept | since 00:01:30Z | clears 00:13:10Z | help: restart every signer that still uses old and empty the token caches of the issuer; the wait counts from its last token',
        '  orders/b/jwks accepts_late since 00:02:00Z: accepted a token of old signed at 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: a signer within the skew is not late',
    given: ({ world, b, switchedAtMs }) => {
      world.pass(60_000);
      const iatS = switchedAtMs / 1_000 + 10;
      b.report({
        ...b.said,
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 },
          { kid: 'new', outcomes: { ok: 1 }, iatS },
        ],
      });
      return iatS * 1_000 + GONE_MS;
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail'],
    reads: {
      of: ['old_key_not_signing'],
      lines: [
        'pass evidence old_key_not_signing: no token signed by old after the switch has been accepted',
      ],
    },
  },
  {
    name: 'reads: the late signer was of a process before this one',
    given: ({ world, b, switchedAtMs }) => {
      world.pass(60_000);
      const iatS = switchedAtMs / 1_000 + 30;
      b.report({ ...b.said, counts: [{ kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 }] });
      b.goodbye();
      world.join('orders', 'b').report({ keys: [OLD, NEW] });
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    reads: {
      lines: [
        'fail time old_tokens_expired: tokens signed by old may be live until 00:13:10Z | since 00:01:30Z | clears 00:13:10Z',
        'fail evidence old_key_not_signing: old still signed at 00:02:00Z, after the switch: a signer was left behind, or the issuer hands out tokens it has kept | since 00:01:30Z | clears 00:13:10Z | help: restart every signer that still uses old and empty the token caches of the issuer; the wait counts from its last token',
        '  orders/b/jwks accepts_late since 00:02:00Z: accepted a token of old signed at 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: what the late signer signed has expired',
    given: ({ world, b, switchedAtMs }) => {
      world.pass(60_000);
      const iatS = switchedAtMs / 1_000 + 30;
      b.report({
        ...b.said,
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 },
          { kid: 'new', outcomes: { ok: 1 }, iatS },
        ],
      });
      world.pass(GONE_MS - 30_000);
    },
    status: 'open',
    reads: {
      of: ['old_key_not_signing', 'old_tokens_expired'],
      lines: [
        'pass time old_tokens_expired: the last token of old has expired',
        'pass evidence old_key_not_signing: old signed last at 00:02:00Z, after the switch, and those tokens have expired',
      ],
    },
  },
  {
    name: 'reads: tokens without iat end later than any of before the switch',
    given: ({ world, a, switchedAtMs }) => {
      world.pass(60_000);
      a.report({
        keys: [OLD, NEW],
        counts: [
          { kid: 'old', outcomes: { ok: 11 }, expS: switchedAtMs / 1_000 + 630, withoutIat: 1 },
          { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
        ],
      });
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    reads: {
      of: ['old_key_not_signing'],
      lines: [
        'fail evidence old_key_not_signing: old still signed at 00:02:30Z, after the switch: a signer was left behind, or the issuer hands out tokens it has kept | since 00:01:30Z | clears 00:13:40Z | help: restart every signer that still uses old and empty the token caches of the issuer; the wait counts from its last token',
        '  orders/a/jwks accepts_late since 00:02:00Z: accepted a token of old signed at 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: tokens that do not say when they were signed',
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
    reads: {
      of: ['old_key_not_signing'],
      lines: [
        'unknown evidence old_key_not_signing: tokens of old that do not say when they were signed have been accepted after the switch | since 00:01:30Z | clears 00:13:40Z | help: make the issuer set `iat`',
      ],
    },
  },
  {
    name: 'reads: one behind the proxy cannot count',
    from: { services: [serviceOf('edge', { evidence: 'served' })] },
    given: ({ world }) => {
      world.join('edge', 'c', { source: 'proxy' }).report(BOTH);
      world.pass(GONE_MS);
    },
    status: 'open',
    reads: {
      of: ['everyone_counts'],
      lines: [
        'pass coverage everyone_counts: 1 verifier cannot say whether old tokens are still used; policy lets that pass',
        '  edge/c/jwks uncounted: reports keys, not outcomes',
      ],
    },
  },
  {
    name: 'reads: one behind the proxy cannot count, and policy blocks',
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
    reads: {
      lines: [
        'unknown coverage everyone_counts: 1 verifier cannot say whether old tokens are still used',
        '  edge/c/jwks uncounted: reports keys, not outcomes',
      ],
    },
  },
  {
    name: 'reads: the old key is tainted, before the switch',
    from: { until: 'known' },
    given: ({ world, id }) => {
      world.pass(5_000);
      world.declare(id, 'taint');
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['signer_switched:fail', 'new_key_in_use:unknown', 'tainted_tokens:unknown'],
    reads: {
      lines: [
        'fail policy signer_switched: nobody has declared that the signer was switched | since 00:01:00Z | help: keyturn rotation activate r-1',
        'unknown evidence new_key_in_use: use is judged from the switch of the signer | help: check that the issuer really signs with the new key',
        'unknown time tainted_tokens: old is tainted; its tokens are cut off once the new key is seen in use | since 00:01:35Z',
      ],
    },
  },
  {
    name: 'reads: the old key is tainted, and policy gives its tokens a grace',
    from: { policy: { emergency: { publishSafetyMs: 0, retireGraceMs: 120_000, skip: [] } } },
    given: ({ world, id, switchedAtMs }) => {
      world.declare(id, 'taint');
      world.pass(119_000);
      return switchedAtMs + 120_000;
    },
    status: 'closed',
    blocked: ['tainted_tokens:fail'],
    reads: {
      lines: [
        'fail time tainted_tokens: old is tainted, and policy honours its tokens until 00:03:30Z (policy.emergency.retire_grace) | since 00:01:30Z | clears 00:03:30Z',
      ],
    },
  },
  {
    name: 'reads: the grace is over',
    from: { policy: { emergency: { publishSafetyMs: 0, retireGraceMs: 120_000, skip: [] } } },
    given: ({ world, id }) => {
      world.declare(id, 'taint');
      world.pass(120_000);
    },
    status: 'open',
    reads: {
      of: ['tainted_tokens'],
      lines: [
        'pass time tainted_tokens: old is tainted, so its valid tokens will be refused: verifiers accepted old 20 times since 00:00:00Z; removing the key now refuses up to about 20 requests a minute, with no end known | since 00:03:30Z',
      ],
    },
  },
  {
    name: 'reads: one signer was left behind, and others know better',
    from: { services: [serviceOf('web', { required: false, instances: null })] },
    given: ({ world, a, b, switchedAtMs }) => {
      world.pass(60_000);
      const iatS = switchedAtMs / 1_000 + 30;
      const late = { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 };
      b.report({ ...b.said, counts: [late] });
      a.report({ ...a.said, counts: [{ ...late, kid: 'new' }] });
      world.join('web', 'w', { issuers: [ISSUER, 'https://other.test'] }).report({
        keys: [OLD, NEW],
        counts: [
          { ...late, issuer: 'https://other.test' },
          { ...late, kid: undefined },
        ],
      });
      world.join('web', 'x').report({
        keys: [OLD, NEW],
        counts: [{ ...late, iatS: switchedAtMs / 1_000 + 10 }],
      });
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    reads: {
      of: ['old_key_not_signing'],
      lines: [
        'fail evidence old_key_not_signing: old still signed at 00:02:00Z, after the switch: a signer was left behind, or the issuer hands out tokens it has kept | since 00:01:30Z | clears 00:13:10Z | help: restart every signer that still uses old and empty the token caches of the issuer; the wait counts from its last token',
        '  orders/b/jwks accepts_late since 00:02:00Z: accepted a token of old signed at 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: a token ends later than any of before the switch',
    given: ({ world, a, switchedAtMs }) => {
      world.pass(60_000);
      const switchedS = switchedAtMs / 1_000;
      a.report({
        keys: [OLD, NEW],
        counts: [{ kid: 'old', outcomes: { ok: 11 }, iatS: switchedS - 60, expS: switchedS + 630 }],
      });
    },
    status: 'closed',
    blocked: ['old_tokens_expired:fail', 'old_key_not_signing:fail'],
    reads: {
      of: ['old_key_not_signing'],
      lines: [
        'fail evidence old_key_not_signing: old still signed at 00:02:00Z, after the switch: a signer was left behind, or tokens without iat live longer than known | since 00:01:30Z | clears 00:13:10Z | help: restart every signer that still uses old and empty the token caches of the issuer; the wait counts from its last token',
        '  orders/a/jwks accepts_late since 00:02:00Z: accepted a token of old signed at 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: a signer was left behind, and nobody knows how long tokens live',
    from: { until: 'known', policy: UNDECLARED },
    given: ({ world, id, a }) => {
      world.declare(id, 'activate');
      const iatS = world.atMs / 1_000 + 30;
      world.pass(60_000);
      a.report({
        keys: [OLD, NEW],
        counts: [{ kid: 'old', outcomes: { ok: 11 }, iatS, expS: iatS + 60 }],
      });
    },
    status: 'closed',
    blocked: [
      'new_key_in_use:unknown',
      'old_tokens_expired:unknown',
      'old_key_not_signing:fail',
      'old_key_unused:unknown',
    ],
    reads: {
      of: ['old_key_not_signing'],
      lines: [
        'fail evidence old_key_not_signing: old still signed at 00:02:00Z, after the switch: a signer was left behind, or the issuer hands out tokens it has kept | since 00:01:30Z | help: restart every signer that still uses old and empty the token caches of the issuer; the wait counts from its last token',
        '  orders/a/jwks accepts_late since 00:02:00Z: accepted a token of old signed at 00:02:00Z',
      ],
    },
  },
  {
    name: 'reads: the old key is tainted, and the switch was not seen',
    from: { until: 'known' },
    given: ({ world, id }) => {
      world.declare(id, 'activate');
      world.declare(id, 'taint');
      world.pass(5_000);
    },
    status: 'unknown',
    blocked: ['new_key_in_use:unknown', 'tainted_tokens:unknown'],
    reads: {
      of: ['tainted_tokens'],
      lines: [
        'unknown time tainted_tokens: old is tainted; its tokens are cut off once the new key is seen in use | since 00:01:30Z',
      ],
    },
  },
  {
    name: 'reads: the old key is tainted, and the grace runs from the switch that was seen',
    from: {
      until: 'known',
      policy: { emergency: { publishSafetyMs: 0, retireGraceMs: 120_000, skip: [] } },
    },
    given: ({ world, id, a }) => {
      world.declare(id, 'activate');
      world.declare(id, 'taint');
      world.pass(30_000);
      const iatS = world.atMs / 1_000;
      a.report({
        keys: [OLD, NEW],
        counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS, lifetimeS: 60 }],
      });
    },
    status: 'closed',
    blocked: ['tainted_tokens:fail'],
    reads: {
      of: ['tainted_tokens'],
      lines: [
        'fail time tainted_tokens: old is tainted, and policy honours its tokens until 00:04:00Z (policy.emergency.retire_grace) | since 00:02:00Z | clears 00:04:00Z',
      ],
    },
  },
];

gateTable(
  t,
  'retire',
  [...SITUATIONS, ...READS].map((situation) => ({
    ...situation,
    from: { until: 'switched', ...situation.from },
  })),
);

t.test('of a rotation that was only seen, the switch is seen as well', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  const record = world.state.rotations.get(id);
  if (record === undefined) throw new Error('no rotation');
  const seen = { ...record, origin: 'observed' as const };
  t.same(readingOf(signerSwitched(seen)), [
    'pass evidence signer_switched: the issuer was seen to sign with new at 00:01:30Z | since 00:01:30Z',
  ]);
  const unseen = { ...seen, switchedAtMs: null };
  t.same(readingOf(signerSwitched(unseen)), [
    'unknown evidence signer_switched: no token signed by new has been accepted, so nothing shows that the issuer switched | since 00:01:00Z | help: wait',
  ]);
  t.same(readingOf(switchedAtAll(unseen)), [
    'fail policy signer_switched: the issuer has not been seen to switch, so there is nothing to undo',
  ]);
  const help = (checkId: string, origin: 'declared' | 'observed', said = 'do it') =>
    observedHelp({ ...record, origin }, pass(checkId, 'policy', '', { help: said })).help;
  t.equal(help('signer_switched', 'declared'), 'do it');
  t.equal(help('signer_switched', 'observed', ''), '');
  t.equal(help('fleet_heard', 'observed'), 'do it');
  for (const [checkId, words] of [
    ['key_identity', 'ask whoever runs the issuer why one kid stands for several keys'],
    ['new_key_in_use', 'wait: the issuer switches when it likes'],
    ['old_key_published', 'ask whoever runs the issuer to publish the old key again'],
    ['old_key_withdrawn', 'wait: the issuer withdraws the old key when it likes'],
    ['signer_switched', 'wait: the issuer switches when it likes'],
    ['tokens_have_kid', 'ask whoever runs the issuer to set `kid` in every token header'],
  ] as const) {
    t.equal(help(checkId, 'observed'), words);
  }
  t.end();
});
