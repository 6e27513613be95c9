import t from 'tap';
import type { Act } from '../../../src/core/acts.ts';
import { ATTEST, DECLARE, LEDGER, MOBILE, REMOVE, START, WAIVE } from '../../support/acts.ts';
import { ISSUER, issuerOf, keyOf, NEW, OLD, serviceOf, VANTAGE } from '../../support/policies.ts';
import { CANARY } from '../../support/probing.ts';
import type { Rotating } from '../../support/rotating.ts';
import { rotating } from '../../support/rotating.ts';
import type { SecretOptions, SecretRotating } from '../../support/secret-rotating.ts';
import { secretRotating } from '../../support/secret-rotating.ts';

// What is refused stands in refusals.test.ts; here, every word that a person is told.

type Row<Of> = readonly [
  name: string,
  given: (rotation: Of) => void,
  act: Act,
  refusal: readonly [codeAndField: string, message: string],
];

const nothing = (): void => undefined;
const abort = ({ world, id }: Rotating): void => void world.declare(id, 'abort');
const REHEARSE: Act = { type: 'rehearse', by: 'tester', rotationId: 'r-1', oldKeyAvailable: true };
const HAND_OVER: Act = {
  type: 'hand_over_canaries',
  by: 'tester',
  rotationId: 'r-1',
  expiresAtMs: null,
  problem: null,
};

const PUBLIC: readonly Row<Rotating>[] = [
  [
    'start: an id that is taken',
    abort,
    { ...START, id: 'r-1' },
    ['conflict id', 'rotation r-1 exists already'],
  ],
  [
    'start: no such issuer',
    nothing,
    { ...START, issuer: 'https://no.test' },
    [
      'not_found issuer',
      'issuer https://no.test is not configured at the collector; add it under issuers in its settings',
    ],
  ],
  [
    'start: one is open',
    nothing,
    START,
    ['conflict issuer', 'rotation r-1 is open for this issuer and alg (RS256); end it first'],
  ],
  [
    'start: nothing published for the algorithm',
    abort,
    { ...START, alg: 'ES256' },
    [
      'invalid old_kid',
      'expected a key the issuer publishes now, got none for ES256; where the algorithm changes, name the old key',
    ],
  ],
  [
    'start: an old key that is not published',
    abort,
    { ...START, oldKid: 'x' },
    ['invalid old_kid', 'expected a key the issuer publishes now, got x'],
  ],
  [
    'start: several could be the old key',
    (rotation) => {
      abort(rotation);
      rotation.world.sight([OLD, NEW, keyOf('third'), { ...keyOf('plain'), alg: '' }]);
    },
    START,
    ['invalid old_kid', 'expected one of the published keys old, third, plain, got none'],
  ],
  [
    'start: to the same kid',
    abort,
    { ...START, oldKid: 'old', newKid: 'old' },
    ['invalid new_kid', 'expected another kid than the old key has'],
  ],
  [
    'start: the algorithm of the old key is another rotation’s',
    ({ world }) => world.sight([OLD, NEW, keyOf('third')]),
    { ...START, oldKid: 'third', newKid: 'fourth', alg: 'ES256' },
    ['conflict issuer', 'rotation r-1 is open for this issuer and alg (RS256); end it first'],
  ],
  [
    'start: the new key is another rotation’s old one',
    ({ world }) => world.sight([OLD, NEW, { ...keyOf('ec'), alg: 'ES256' }]),
    { ...START, oldKid: 'ec', newKid: 'old', alg: 'ES256' },
    ['conflict new_kid', 'rotation r-1 is open for old and new; end it first'],
  ],
  [
    'start: to a key that is tainted',
    ({ world, id }) => {
      world.declare(id, 'taint');
      world.declare(id, 'abort', 'to begin anew');
    },
    { ...START, oldKid: 'new', newKid: 'old' },
    ['invalid new_kid', 'expected a key that is not tainted, got old'],
  ],
  [
    'declare: no such rotation',
    nothing,
    { ...DECLARE, rotationId: 'r-9' },
    ['not_found rotation_id', 'no rotation r-9; see `keyturn rotation list --all`'],
  ],
  ['declare: it has ended', abort, DECLARE, ['conflict rotation_id', 'rotation r-1 is aborted']],
  [
    'declare: the gate is closed',
    nothing,
    { ...DECLARE, step: 'retire' },
    [
      'gate_not_open step',
      'gate retire is closed: nobody has declared that the signer was switched',
    ],
  ],
  [
    'declare: the gate is unknown',
    ({ world }) => world.pass(60_000, { silent: ['orders/b'] }),
    DECLARE,
    [
      'gate_not_open step',
      'gate activate is unknown: nothing is known of 1 verifier that should report',
    ],
  ],
  [
    'declare: taint without a look',
    nothing,
    { ...DECLARE, step: 'taint', reason: 'stolen' },
    [
      'invalid confirm',
      'expected the kid of the old key and what was seen of it; look at the blast radius first: keyturn rotation blast-radius r-1',
    ],
  ],
  [
    'declare: taint of another key',
    nothing,
    {
      ...DECLARE,
      step: 'taint',
      reason: 'stolen',
      confirm: { oldKid: 'new', seenAtMs: Date.UTC(2026, 0, 1, 0, 1) },
    },
    ['invalid confirm.old_kid', 'expected old, the old key of rotation r-1, got new'],
  ],
  [
    'declare: taint after a look of long ago',
    nothing,
    {
      ...DECLARE,
      step: 'taint',
      reason: 'stolen',
      confirm: { oldKid: 'old', seenAtMs: Date.UTC(2025, 11, 31) },
    },
    [
      'invalid confirm.seen_at',
      'expected a moment of the last 15 minutes, got 2025-12-31T00:00:00Z; look at the blast radius first: keyturn rotation blast-radius r-1',
    ],
  ],
  [
    'declare: taint without a reason',
    nothing,
    { ...DECLARE, step: 'taint' },
    ['invalid reason', 'expected why, for the audit trail: nothing undoes taint'],
  ],
  [
    'declare: the old private key destroyed, and it signs',
    nothing,
    { ...DECLARE, step: 'destroy_old_key', reason: 'tidy' },
    [
      'conflict step',
      'the signer uses old until it is switched, and without its private key nothing signs; if it is gone all the same, say with an override what signs now',
    ],
  ],
  [
    'declare: abort after the switch',
    ({ world, id }) => void world.declare(id, 'activate'),
    { ...DECLARE, step: 'abort' },
    [
      'conflict step',
      'the signer was switched to new; go back first (keyturn rotation rollback r-1), or say with an override who keeps both keys published',
    ],
  ],
  [
    'declare: abort after a rollback',
    ({ world, id }) => {
      world.declare(id, 'activate');
      world.declare(id, 'rollback', 'it failed');
    },
    { ...DECLARE, step: 'abort' },
    [
      'conflict step',
      'tokens signed by new may be live until 2026-01-01T00:12:40Z; keep it published and abort then, or say with an override why nobody needs it',
    ],
  ],
  [
    'declare: abort while tokens without an end are about',
    ({ a }) =>
      void a.report({
        keys: [OLD, NEW],
        counts: [{ kid: 'new', outcomes: { ok: 1 }, withoutExp: 1 }],
      }),
    { ...DECLARE, step: 'abort' },
    [
      'conflict step',
      'tokens signed by new may be live without a known end: a token of it without expiry was accepted; say with an override why nobody needs it',
    ],
  ],
  [
    'attest: no such rotation',
    nothing,
    { ...ATTEST, rotationId: 'r-9' },
    ['not_found rotation_id', 'no rotation r-9; see `keyturn rotation list --all`'],
  ],
  ['attest: it has ended', abort, ATTEST, ['conflict rotation_id', 'rotation r-1 is aborted']],
  [
    'attest: an id that is taken',
    ({ world }) => void world.act(ATTEST),
    ATTEST,
    ['conflict id', 'attestation att-1 exists already'],
  ],
  [
    'attest: an instance that is no name',
    nothing,
    { ...ATTEST, instance: 'a b' },
    [
      'invalid instance',
      'expected letters, digits and . _ : @ - only, starting and ending with a letter or digit',
    ],
  ],
  [
    'attest: no such service',
    nothing,
    { ...ATTEST, service: 'x' },
    ['not_found service', 'service x is not declared at the collector'],
  ],
  [
    'attest: judged by evidence',
    nothing,
    { ...ATTEST, service: 'orders' },
    [
      'invalid service',
      "service orders is judged by evidence (present), which a person's word does not replace; waive the check instead, or set services[].evidence: attested",
    ],
  ],
  [
    'attest: judged by time',
    nothing,
    { ...ATTEST, service: 'mesh' },
    [
      'invalid service',
      "service mesh is judged by time, which a person's word does not replace; waive the check instead, or set services[].evidence: attested",
    ],
  ],
  [
    'attest: a population',
    nothing,
    { ...ATTEST, service: 'mobile-app' },
    [
      'invalid service',
      'service mobile-app is of kind unmanaged: nobody can see its verifiers, so it counts by time; waive population_covered instead',
    ],
  ],
  [
    'attest: one of a population',
    nothing,
    { ...ATTEST, service: 'mobile-app', fact: 'rejects_old', instance: 'one' },
    ['invalid instance', 'expected none: mobile-app is of kind unmanaged'],
  ],
  [
    'attest: for no time',
    nothing,
    { ...ATTEST, validForMs: 0 },
    ['invalid valid_for', 'expected more than zero and at most 400 days'],
  ],
  [
    'attest: for a millisecond too long',
    nothing,
    { ...ATTEST, validForMs: 400 * 86_400_000 + 1 },
    ['invalid valid_for', 'expected more than zero and at most 400 days'],
  ],
  [
    'waive: no such rotation',
    nothing,
    { ...WAIVE, rotationId: 'r-9' },
    ['not_found rotation_id', 'no rotation r-9; see `keyturn rotation list --all`'],
  ],
  ['waive: it has ended', abort, WAIVE, ['conflict rotation_id', 'rotation r-1 is aborted']],
  [
    'waive: an id that is taken',
    ({ world }) => void world.act(WAIVE),
    WAIVE,
    ['conflict id', 'waiver wvr-1 exists already'],
  ],
  [
    'waive: a check of another gate',
    nothing,
    { ...WAIVE, gate: 'purge', checkId: 'rehearsed' },
    [
      'invalid check_id',
      'expected one of no_alert, collector_ready, store_writable, fleet_within_bounds, jwks_healthy, clock_agrees, one_rotation, rejects_bogus, signer_switched, old_key_withdrawn, old_key_dropped, drop_time_elapsed, attested, fleet_heard, got rehearsed',
    ],
  ],
  [
    'waive: what cannot be',
    nothing,
    { ...WAIVE, checkId: 'collector_ready' },
    ['invalid check_id', 'check collector_ready cannot be waived'],
  ],
  [
    'waive: for no time',
    nothing,
    { ...WAIVE, validForMs: 0 },
    ['invalid valid_for', 'expected more than zero and at most 400 days'],
  ],
  [
    'remove: nobody of that name',
    nothing,
    { ...REMOVE, instance: 'z' },
    ['not_found instance', 'no verifier orders/z is known'],
  ],
  [
    'remove: no cache of that name',
    nothing,
    { ...REMOVE, cache: 'z' },
    ['not_found instance', 'no verifier orders/a/z is known'],
  ],
  [
    'remove: one of another service',
    nothing,
    { ...REMOVE, service: 'ledger' },
    ['not_found instance', 'no verifier ledger/a is known'],
  ],
  [
    'remove: one that reports',
    nothing,
    REMOVE,
    ['conflict instance', 'orders/a/jwks is reporting; stop it first, it would only return'],
  ],
  [
    'rehearse: no such rotation',
    nothing,
    { ...REHEARSE, rotationId: 'r-9' },
    ['not_found rotation_id', 'no rotation r-9; see `keyturn rotation list --all`'],
  ],
  ['rehearse: it has ended', abort, REHEARSE, ['conflict rotation_id', 'rotation r-1 is aborted']],
  [
    'rehearse: nobody says that the key is there',
    nothing,
    { ...REHEARSE, oldKeyAvailable: false },
    [
      'invalid old_key_available',
      'expected the caller to say that the private key of old is there to sign with: nobody else can know',
    ],
  ],
  [
    'rehearse: after the switch',
    ({ world, id }) => void world.declare(id, 'activate'),
    REHEARSE,
    [
      'conflict rotation_id',
      'the signer was switched already; whether going back is possible says gate rollback: keyturn gate rollback --rotation r-1',
    ],
  ],
  [
    'canaries: no such rotation',
    nothing,
    { ...HAND_OVER, rotationId: 'r-9' },
    ['not_found rotation_id', 'no rotation r-9; see `keyturn rotation list --all`'],
  ],
  ['canaries: it has ended', abort, HAND_OVER, ['conflict rotation_id', 'rotation r-1 is aborted']],
  [
    'canaries: the issuer has none',
    nothing,
    HAND_OVER,
    [
      'conflict rotation_id',
      'issuers[].canary is not set for https://issuer.test in the collector settings',
    ],
  ],
  [
    'canaries: that are not taken',
    ({ world }) => {
      const issuers = new Map([[ISSUER, issuerOf({ canary: CANARY })]]);
      world.restart({ policy: { ...world.policy, issuers } });
    },
    { ...HAND_OVER, problem: { field: 'next', message: 'expected another audience' } },
    ['invalid next', 'expected another audience'],
  ],
];

const SECRET_START: Act = { ...START, alg: 'HS256', oldKid: 's1', newKid: 's2' };
const aborted = ({ world, id }: SecretRotating): void => void world.declare(id, 'abort');

const SECRET: readonly (Row<SecretRotating> | readonly [...Row<SecretRotating>, SecretOptions])[] =
  [
    [
      'an algorithm that is none',
      aborted,
      { ...SECRET_START, alg: 'HS1' },
      ['invalid alg', 'expected one of HS256, HS384, HS512, got HS1'],
    ],
    [
      'an issuer without secrets',
      ({ world, id }) => {
        world.declare(id, 'abort');
        const issuers = new Map([[ISSUER, issuerOf({ vantages: [] })]]);
        world.restart({ policy: { ...world.policy, issuers } });
      },
      SECRET_START,
      [
        'invalid issuer',
        'expected an issuer declared with shared secrets: set issuers[].shared_secrets: true for https://issuer.test in the collector settings',
      ],
    ],
    [
      'a thumbprint',
      aborted,
      { ...SECRET_START, newThumbprint: NEW.thumbprint },
      [
        'invalid new_thumbprint',
        'expected none with a shared secret: its thumbprint is a digest of the secret',
      ],
    ],
    [
      'no old id',
      aborted,
      { ...SECRET_START, oldKid: null },
      [
        'invalid old_kid',
        'expected the id of the secret in use: secrets are not published, so it cannot be found',
      ],
    ],
    [
      'the same id',
      aborted,
      { ...SECRET_START, newKid: 's1' },
      ['invalid new_kid', 'expected another id than the old secret has'],
    ],
    [
      'one is open for another algorithm',
      nothing,
      { ...SECRET_START, alg: 'HS512', oldKid: 's3' },
      ['conflict new_kid', 'rotation r-1 is open for s1 and s2; end it first'],
    ],
    [
      'its old id is another’s new one',
      nothing,
      { ...SECRET_START, alg: 'HS512', oldKid: 's2', newKid: 's3' },
      ['conflict new_kid', 'rotation r-1 is open for s1 and s2; end it first'],
    ],
    [
      'an id known for another algorithm',
      aborted,
      { ...SECRET_START, alg: 'HS512', newKid: 's9' },
      ['invalid old_kid', 'expected an id for HS512, and s1 is for HS256'],
    ],
    [
      'an id that is a public key',
      (rotation) => {
        aborted(rotation);
        rotation.world.sight([OLD]);
      },
      { ...SECRET_START, newKid: 'old' },
      ['invalid new_kid', 'expected the id of a secret, and old is a public key in the JWKS'],
      { issuer: { vantages: [VANTAGE] } },
    ],
    [
      'an id that was retired',
      ({ world, id }) => {
        world.declare(id, 'activate', 'now');
        world.declare(id, 'retire', 'now');
        world.declare(id, 'complete', 'now');
      },
      { ...SECRET_START, oldKid: 's2', newKid: 's1' },
      ['invalid new_kid', 'expected an id that was never retired, and s1 was'],
    ],
    [
      'no room for another id',
      (rotation) => {
        aborted(rotation);
        const keys = rotation.world.state.issuers.get(ISSUER)?.keys;
        const [record] = keys?.values() ?? [];
        if (keys === undefined || record === undefined) throw new Error('no keys');
        while (keys.size < 10_000)
          keys.set(`k${keys.size}`, { ...record, key: keyOf(`k${keys.size}`) });
      },
      { ...SECRET_START, newKid: 's9' },
      ['conflict new_kid', 'the issuer has 10000 known keys already'],
    ],
    [
      'canaries of a secret',
      nothing,
      HAND_OVER,
      [
        'conflict rotation_id',
        'expected a rotation of public keys: the collector never has a shared secret to check tokens with',
      ],
    ],
  ];

for (const [name, given, act, refusal] of PUBLIC) {
  t.test(`refused: ${name}`, (t) => {
    const mesh = serviceOf('mesh', { evidence: 'timed', instances: null });
    const services = [
      { ...LEDGER, required: false },
      { ...MOBILE, required: false },
      { ...mesh, required: false },
    ];
    const rotation = rotating({ services });
    given(rotation);
    const result = rotation.world.act(act);
    t.same(result.ok ? 'carried out' : wordsOf(result.refusal), refusal);
    t.end();
  });
}

for (const [name, given, act, refusal, options = {}] of SECRET) {
  t.test(`refused for a secret: ${name}`, (t) => {
    const rotation = secretRotating({ until: 'started', ...options });
    given(rotation);
    const result = rotation.world.act(act);
    t.same(result.ok ? 'carried out' : wordsOf(result.refusal), refusal);
    t.end();
  });
}

function wordsOf({ code, field, message }: { code: string; field: string; message: string }) {
  return [`${code} ${field}`, message];
}
