import t from 'tap';
import { LEDGER, MOBILE } from '../../support/acts.ts';
import { profileOf, serviceOf } from '../../support/policies.ts';
import type { SecretSituation } from '../../support/secret-rotating.ts';
import {
  BOTH_SECRETS,
  holding,
  NEW_SECRET,
  OLD_SECRET,
  secretTable,
} from '../../support/secret-rotating.ts';

const DROPPED = ['retire_declared', 'old_key_dropped'];
const HELD = ['old_key_held'];
const SILENT = { keys: BOTH_SECRETS, dataAgeMs: null };

secretTable(t, 'purge', [
  {
    name: 'retirement was not declared, and one holds it',
    from: { until: 'switched' },
    given: ({ world, a }) => {
      a.report(holding([NEW_SECRET]));
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['retire_declared:fail', 'old_key_dropped:fail'],
    reads: {
      of: DROPPED,
      lines: [
        'fail policy retire_declared: nobody has declared that verifiers may drop secret s1 | since 00:01:00Z | help: keyturn rotation retire r-1',
        'fail evidence old_key_dropped: 1 verifier still holding secret s1 | since 00:01:00Z | help: keyturn verifiers --rotation r-1 --state holds_old',
        '  orders/b/jwks holds_old since 00:01:00Z: still holds secret s1',
      ],
    },
  },
  {
    name: 'everybody has dropped it',
    from: { until: 'switched' },
    given: ({ world, id, a, b }) => {
      world.pass(5_000);
      world.declare(id, 'retire', 'now');
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
    },
    status: 'open',
    reads: {
      of: 'all',
      lines: [
        'pass health no_alert: no alert fires that speaks against going on',
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        "pass health clock_agrees: this gate waits by the collector's own clock alone",
        'pass policy secrets_declared: secrets are not published: what verifiers say of themselves counts, and nothing else',
        'pass policy one_rotation: no other rotation is open for this issuer and alg',
        'pass evidence rejects_bogus: no verifier is known to accept a bogus signature',
        'pass policy signer_switched: the signer was switched at 00:01:00Z | since 00:01:00Z',
        'pass policy retire_declared: verifiers may drop secret s1 since 00:01:05Z | since 00:01:05Z',
        'pass evidence old_key_dropped: nobody holds secret s1',
        'pass policy attested: no service depends on attestation',
        'pass coverage fleet_heard: 1 service report in full',
      ],
    },
  },
  {
    name: 'one has not said anything, one still holds it',
    from: { until: 'switched' },
    given: ({ world, id, a }) => {
      world.declare(id, 'retire', 'now');
      world.pass(5_000);
      a.report(SILENT);
    },
    status: 'closed',
    blocked: ['old_key_dropped:fail'],
    reads: {
      of: DROPPED,
      lines: [
        'pass policy retire_declared: verifiers may drop secret s1 since 00:01:00Z | since 00:01:00Z',
        'fail evidence old_key_dropped: 1 verifier still holding secret s1 | since 00:01:00Z | help: keyturn verifiers --rotation r-1 --state holds_old',
        '  orders/b/jwks holds_old since 00:01:00Z: still holds secret s1',
      ],
    },
  },
  {
    name: 'two have not said anything',
    from: { until: 'switched' },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'retire', 'now');
      for (const verifier of [a, b]) {
        world.pass(5_000);
        verifier.report(SILENT);
      }
    },
    status: 'unknown',
    blocked: ['old_key_dropped:unknown'],
    reads: {
      of: DROPPED,
      lines: [
        'pass policy retire_declared: verifiers may drop secret s1 since 00:01:00Z | since 00:01:00Z',
        'unknown evidence old_key_dropped: 2 verifiers may still hold secret s1 | since 00:01:05Z | help: let those verifiers say which secrets they hold, or a person vouch: `keyturn attest --help`',
        '  orders/a/jwks undecided since 00:01:05Z: nothing shows that it dropped the secret: has not said so',
        '  orders/b/jwks undecided since 00:01:10Z: nothing shows that it dropped the secret: has not said so',
      ],
    },
  },
  {
    name: 'one that is silent has been replaced',
    from: { until: 'switched' },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'retire', 'now');
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
      world.join('orders', 'c', { cacheKind: 'secret' }).report(holding([NEW_SECRET]));
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'open',
    reads: {
      of: DROPPED,
      lines: [
        'pass policy retire_declared: verifiers may drop secret s1 since 00:01:00Z | since 00:01:00Z',
        'pass evidence old_key_dropped: nobody holds secret s1',
      ],
    },
  },
  {
    name: 'one that is silent has not been replaced',
    from: { until: 'switched' },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'retire', 'now');
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'unknown',
    blocked: ['old_key_dropped:unknown', 'fleet_heard:unknown'],
    reads: {
      of: DROPPED,
      lines: [
        'pass policy retire_declared: verifiers may drop secret s1 since 00:01:00Z | since 00:01:00Z',
        'unknown evidence old_key_dropped: 1 verifier may still hold secret s1 | since 00:01:46Z | help: let those verifiers say which secrets they hold, or a person vouch: `keyturn attest --help`',
        '  orders/b/jwks undecided since 00:01:46Z: nothing shows that it dropped the secret: has not said so',
      ],
    },
  },
  {
    name: 'somebody vouches for what says nothing',
    from: {
      until: 'switched',
      services: [serviceOf('web', { profile: profileOf({ cachesVerifiedTokens: true }) })],
    },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'retire', 'now');
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
      world.join('web', 'w', { cacheKind: 'secret' }).report(holding([NEW_SECRET]));
      world.attest(id, 'web', { fact: 'rejects_old' });
    },
    status: 'open',
    reads: {
      of: DROPPED,
      lines: [
        'pass policy retire_declared: verifiers may drop secret s1 since 00:01:00Z | since 00:01:00Z',
        'pass evidence old_key_dropped: nobody holds secret s1',
      ],
    },
  },
  {
    name: 'what somebody vouches for is not asked',
    from: { until: 'switched', services: [LEDGER, MOBILE] },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'retire', 'now');
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
      world.join('ledger', 'l', { cacheKind: 'secret' }).report(SILENT);
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: ['old_key_dropped', 'attested'],
      lines: [
        'pass evidence old_key_dropped: nobody holds secret s1',
        'fail policy attested: 2 services nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
        '  mobile-app unattested since 00:01:00Z: nobody can see its verifiers, and time brings them no secret',
      ],
    },
  },
] satisfies readonly SecretSituation[]);

secretTable(t, 'activate', [
  {
    name: 'everybody holds the old secret',
    given: () => undefined,
    status: 'open',
    reads: {
      of: HELD,
      lines: ['pass evidence old_key_held: every verifier still holds secret s1'],
    },
  },
  {
    name: 'one has dropped it, one says nothing',
    given: ({ world, a, b }) => {
      world.pass(5_000);
      a.report(holding([NEW_SECRET]));
      b.report(SILENT);
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'old_key_held:fail'],
    reads: {
      of: HELD,
      lines: [
        'fail evidence old_key_held: 1 verifier without secret s1 | help: configure s1 there again',
        '  orders/a/jwks dropped_old since 00:01:05Z: no longer holds secret s1',
      ],
    },
  },
  {
    name: 'one says nothing',
    given: ({ world, b }) => {
      world.pass(5_000);
      b.report(SILENT);
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'old_key_held:unknown'],
    reads: {
      of: HELD,
      lines: [
        'unknown evidence old_key_held: nothing shows that 1 verifier still holds secret s1',
        '  orders/b/jwks undecided since 00:01:05Z: has not said that it holds s1',
      ],
    },
  },
  {
    name: 'somebody vouches that one rejects it already',
    from: { services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.attest(id, 'ledger', { fact: 'rejects_old' });
    },
    status: 'closed',
    blocked: ['old_key_held:fail'],
    reads: {
      of: HELD,
      lines: [
        'fail evidence old_key_held: 1 verifier without secret s1 | help: configure s1 there again',
        '  ledger dropped_old: somebody vouches that it rejects s1',
      ],
    },
  },
  {
    name: 'who is vouched for is not asked before',
    from: { services: [LEDGER] },
    given: ({ world, id }) => void world.attest(id, 'ledger'),
    status: 'open',
    reads: {
      of: HELD,
      lines: ['pass evidence old_key_held: every verifier still holds secret s1'],
    },
  },
  {
    name: 'a silent one that was replaced may have dropped it',
    given: ({ world }) => {
      world.join('orders', 'c', { cacheKind: 'secret' }).report(holding(BOTH_SECRETS));
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'open',
    reads: {
      of: HELD,
      lines: ['pass evidence old_key_held: every verifier still holds secret s1'],
    },
  },
  {
    name: 'it is read like any other gate',
    from: { until: 'started' },
    given: ({ a, b }) => {
      for (const verifier of [a, b]) verifier.report(holding([OLD_SECRET]));
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    reads: {
      of: 'all',
      lines: [
        'pass health no_alert: no alert fires that speaks against going on',
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        "pass health clock_agrees: this gate waits by the collector's own clock alone",
        'pass policy secrets_declared: secrets are not published: what verifiers say of themselves counts, and nothing else',
        'pass policy one_rotation: no other rotation is open for this issuer and alg',
        'pass policy key_identity: each id stands for one secret',
        'pass evidence tokens_have_kid: no token without a kid has been accepted',
        'fail evidence new_key_known: 2 verifiers without evidence of secret s2 | since 00:01:00Z | help: keyturn verifiers --rotation r-1 --state lagging',
        '  orders/a/jwks absent since 00:01:00Z: does not hold the new secret',
        '  orders/b/jwks absent since 00:01:00Z: does not hold the new secret',
        'pass evidence rejects_bogus: no verifier is known to accept a bogus signature',
        'pass evidence old_key_held: every verifier still holds secret s1',
        'pass policy attested: no service depends on attestation',
        'pass coverage fleet_heard: 1 service report in full',
        'pass policy rehearsed: policy asks for no rehearsal of going back',
        'pass time stable: the policy asks for no time of stability',
      ],
    },
  },
] satisfies readonly SecretSituation[]);

secretTable(t, 'rollback', [
  {
    name: 'everybody still holds the old secret',
    from: { until: 'switched', services: [LEDGER] },
    given: ({ world }) => world.pass(5_000),
    status: 'open',
    reads: {
      of: 'all',
      lines: [
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        "pass health clock_agrees: this gate waits by the collector's own clock alone",
        'pass policy secrets_declared: secrets are not published: what verifiers say of themselves counts, and nothing else',
        'pass policy signer_switched: the signer was switched',
        'pass policy old_key_trusted: s1 is not tainted',
        'pass evidence old_key_held: every verifier still holds secret s1',
        'pass coverage fleet_heard: 1 service report in full',
        'pass policy rollback_window: the issuer keeps secret s1 until 2026-01-02T00:01:00Z | since 00:01:00Z',
        'pass health new_key_failures: no failure of a token of s2 that a key could cause',
      ],
    },
  },
  {
    name: 'retirement was declared, and who is vouched for may have dropped it',
    from: { until: 'switched', services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.declare(id, 'retire', 'too early');
    },
    status: 'closed',
    blocked: ['old_key_held:unknown', 'rollback_window:fail'],
    reads: {
      lines: [
        'unknown evidence old_key_held: nothing shows that 1 verifier still holds secret s1',
        '  ledger undecided: may have dropped it since retirement was declared',
        'fail policy rollback_window: s1 was withdrawn at 00:01:00Z, which ends the time for going back | since 00:01:00Z',
      ],
    },
  },
] satisfies readonly SecretSituation[]);

secretTable(t, 'retire', [
  {
    name: 'the old tokens have expired',
    from: { until: 'switched' },
    given: ({ world }) => world.pass(700_000),
    status: 'open',
    reads: {
      of: 'all',
      lines: [
        'pass health no_alert: no alert fires that speaks against going on',
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        "pass health clock_agrees: the issuer's clock is at most 0 s behind the collector's, as tokens of s2 show",
        'pass policy secrets_declared: secrets are not published: what verifiers say of themselves counts, and nothing else',
        'pass policy one_rotation: no other rotation is open for this issuer and alg',
        'pass policy key_identity: each id stands for one secret',
        'pass evidence rejects_bogus: no verifier is known to accept a bogus signature',
        'pass policy signer_switched: the signer was switched at 00:01:00Z | since 00:01:00Z',
        'pass evidence new_key_in_use: tokens signed by s2 are accepted since 00:01:00Z',
        'pass time old_tokens_expired: the last token of s1 has expired',
        'pass evidence old_key_not_signing: no token signed by s1 after the switch has been accepted',
        'pass policy old_tokens_end: every token seen has an expiry',
        'pass evidence tokens_have_kid: no token without a kid has been accepted',
        'pass evidence old_key_unused: no token of s1 accepted since it should be gone',
        'pass evidence new_key_known: 2 verifiers with evidence of s2',
        'pass policy attested: no service depends on attestation',
        'pass coverage fleet_heard: 1 service report in full',
        'pass coverage everyone_counts: every verifier counts outcomes',
      ],
    },
  },
] satisfies readonly SecretSituation[]);
