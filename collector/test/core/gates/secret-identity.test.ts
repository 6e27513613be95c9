import t from 'tap';
import { keyOf, NEW, VANTAGE } from '../../support/policies.ts';
import type { SecretSituation } from '../../support/secret-rotating.ts';
import { BOTH_SECRETS, holding, secretTable, startSecret } from '../../support/secret-rotating.ts';

const OF = ['key_identity'];
const SERVED = { issuer: { vantages: [VANTAGE] } };

secretTable(t, 'publish', [
  {
    name: 'both ids are their own',
    from: { until: 'started' },
    given: () => undefined,
    status: 'open',
    reads: {
      of: 'all',
      lines: [
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        "pass health clock_agrees: this gate waits by the collector's own clock alone",
        'pass policy secrets_declared: secrets are not published: what verifiers say of themselves counts, and nothing else',
        'pass policy one_rotation: no other rotation is open for this issuer and alg',
        'pass policy key_identity: each id stands for one secret',
        'pass evidence tokens_have_kid: no token without a kid has been accepted',
        'pass coverage fleet_heard: 1 service report in full',
      ],
    },
  },
  {
    name: 'the new id is the kid of a public key',
    from: { until: 'started', ...SERVED },
    given: ({ world }) => world.sight([NEW, keyOf('s2')]),
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy key_identity: id s2 is the kid of a public key in the JWKS | help: make a secret under an id that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'the old id is the kid of a public key',
    from: { until: 'started', ...SERVED },
    given: ({ world }) => world.sight([NEW, keyOf('s1')]),
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy key_identity: id s1 is the kid of a public key in the JWKS | help: make a secret under an id that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'the new id was part of a rotation that ended',
    from: { until: 'started' },
    given: ({ world, id }) => {
      world.declare(id, 'abort');
      world.pass(5_000);
      startSecret(world);
    },
    asks: 'r-2',
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy key_identity: id s2 was part of rotation r-1 (aborted), so verifiers may hold another secret under it | since 00:01:00Z | help: make a secret under an id that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'the new id was the old one of a rotation that ended',
    from: { until: 'started' },
    given: ({ world, id }) => {
      world.declare(id, 'abort');
      startSecret(world, { oldKid: 's2', newKid: 's1' });
    },
    asks: 'r-2',
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy key_identity: id s1 was part of rotation r-1 (aborted), so verifiers may hold another secret under it | since 00:01:00Z | help: make a secret under an id that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'the old id was part of a rotation that ended',
    from: { until: 'started' },
    given: ({ world, id }) => {
      world.declare(id, 'abort');
      startSecret(world, { oldKid: 's2', newKid: 's3' });
    },
    asks: 'r-2',
    status: 'open',
    reads: { of: OF, lines: ['pass policy key_identity: each id stands for one secret'] },
  },
  {
    name: 'tokens under the new id were accepted since the start',
    given: ({ a }) =>
      void a.report(holding(BOTH_SECRETS, { counts: [{ kid: 's2', outcomes: { ok: 1 } }] })),
    status: 'open',
    reads: { of: OF, lines: ['pass policy key_identity: each id stands for one secret'] },
  },
  {
    name: 'tokens under the new id were accepted before the start',
    from: { until: 'started' },
    given: ({ world, a }) => {
      world.declare('r-1', 'abort');
      a.report(holding(BOTH_SECRETS, { counts: [{ kid: 's3', outcomes: { ok: 1 } }] }));
      world.pass(5_000);
      startSecret(world, { newKid: 's3' });
    },
    asks: 'r-2',
    status: 'closed',
    blocked: ['key_identity:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy key_identity: tokens under s3 were accepted at 00:01:00Z, before the rotation began | since 00:01:00Z | help: make a secret under an id that was never used, and start a rotation to it',
      ],
    },
  },
  {
    name: 'the issuer has no secrets any more',
    from: { until: 'started' },
    given: ({ world }) => {
      const issuers = new Map(
        [...world.policy.issuers].map(([name, issuer]) => [
          name,
          { ...issuer, sharedSecrets: false },
        ]),
      );
      world.restart({ policy: { ...world.policy, issuers } });
      world.pass(60_000);
    },
    status: 'unknown',
    blocked: ['secrets_declared:unknown'],
    reads: {
      of: ['secrets_declared'],
      lines: [
        'unknown policy secrets_declared: issuer https://issuer.test is not declared with shared secrets any more | help: set issuers[].shared_secrets: true in the collector settings',
      ],
    },
  },
] satisfies readonly SecretSituation[]);
