import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { keyOf, NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';

const ATTESTED = serviceOf('ledger', {
  evidence: 'attested',
  instances: null,
  profile: profileOf({ staticKeys: true }),
});
/** Of keys and of fetching them nothing is said. */
const NO_KEYS = { keys: [], dataAgeMs: null, attemptAgeMs: null };
const PAIR = serviceOf('ledger', { evidence: 'attested', instances: 2 });
const TIMED = serviceOf('mesh', { evidence: 'timed', instances: null });
const OPTIONAL = serviceOf('extras', { required: false, instances: 3 });
const LAZY = serviceOf('edge', {
  evidence: 'fetchable',
  profile: profileOf({ refetchesOnUnknownKid: true, cooldownS: 30 }),
});
const BOTH = { keys: [OLD, NEW] };

const SITUATIONS: readonly Situation[] = [
  { name: 'everybody holds the new key', given: () => undefined, status: 'open' },
  {
    name: 'not published',
    from: { until: 'started' },
    given: () => undefined,
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
    check: { id: 'new_key_published', class: 'evidence', message: /has not been seen in the JWKS/ },
  },
  {
    name: 'published a moment ago: seen once',
    from: { until: 'started' },
    given: ({ world }) => world.sight([OLD, NEW]),
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
    check: { id: 'new_key_published', message: /twice in a row at every vantage/ },
  },
  {
    name: 'published, nobody holds it',
    from: { until: 'published' },
    given: () => undefined,
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: {
      id: 'new_key_known',
      class: 'evidence',
      message: /^2 verifiers without evidence of key new$/,
      offenders: ['orders/a/jwks absent', 'orders/b/jwks absent'],
      help: /^keyturn verifiers --rotation r-1 --state lagging$/,
    },
  },
  {
    name: 'the JWKS lost the old key with the new one',
    given: ({ world }) => {
      world.sight([NEW]);
    },
    status: 'closed',
    blocked: ['old_key_published:fail'],
    check: { id: 'old_key_published', help: /^publish old again at every origin$/ },
  },
  {
    name: 'a replica of the origin serves a set without the new key',
    given: ({ world }) => world.sight([OLD]),
    status: 'closed',
    blocked: ['new_key_published:fail', 'new_key_known:fail'],
  },
  {
    name: 'the JWKS cannot be read',
    given: ({ world }) => world.sightFailure(),
    status: 'closed',
    blocked: ['jwks_healthy:fail', 'clock_agrees:unknown'],
    check: { id: 'jwks_healthy', class: 'health', help: /^curl -fsS https:/ },
  },
  {
    name: 'the JWKS has not been read for long',
    given: ({ world }) => world.pass(61_000, { unwatched: true }),
    status: 'unknown',
    blocked: ['jwks_healthy:unknown'],
  },
  {
    name: 'kid reused: two keys under one name',
    given: ({ world }) => {
      world.sight([OLD, keyOf('new', 'other')]);
      world.sight();
      world.sight();
      for (const verifier of world.verifiers) verifier.report(BOTH);
    },
    status: 'closed',
    blocked: ['key_identity:fail'],
    check: { id: 'key_identity', class: 'policy', message: /more than one thumbprint/ },
  },
  {
    name: 'one is silent',
    given: ({ world }) => world.pass(60_000, { silent: ['orders/b'] }),
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    check: {
      id: 'fleet_heard',
      class: 'coverage',
      offenders: ['orders/b/jwks silent'],
      help: /^keyturn remove orders b --reason "gone for good"$/,
    },
  },
  {
    name: 'one is silent and others have taken its place',
    given: ({ world }) => {
      world.join('orders', 'c').report(BOTH);
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'open',
  },
  {
    name: 'one is silent, and its place was taken by one that lacks the key',
    given: ({ world }) => {
      world.join('orders', 'c').report({ keys: [OLD] });
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
  },
  {
    name: 'one said goodbye: an instance is missing',
    given: ({ b }) => b.goodbye(),
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    check: {
      id: 'fleet_heard',
      offenders: ['orders never_seen'],
      message: /nothing is known of 1 verifier /,
    },
  },
  {
    name: 'one said hello and no more',
    given: ({ world }) => void world.join('orders', 'c'),
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    check: { id: 'fleet_heard', offenders: ['orders/c/jwks never_seen'] },
  },
  {
    name: 'a second cache of one instance lacks the key',
    given: ({ world }) => void world.join('orders', 'a', { cache: 'two' }).report({ keys: [OLD] }),
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['orders/a/two absent'] },
  },
  {
    name: 'a service nobody declared',
    given: ({ world }) => void world.join('stranger').report({ keys: [OLD] }),
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['stranger/i1/jwks absent'] },
  },
  {
    name: 'a service nobody declared, gone without a word',
    given: ({ world }) => {
      world.join('stranger').report(BOTH);
      world.pass(60_000, { silent: ['stranger/i1'] });
    },
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
  },
  {
    name: 'an optional service blocks nothing',
    from: { services: [OPTIONAL] },
    given: ({ world }) => void world.join('extras').report({ keys: [OLD] }),
    status: 'open',
  },
  {
    name: 'grade fetchable does where the policy says so',
    from: { services: [LAZY] },
    given: ({ world }) => void world.join('edge').report({ keys: [OLD], dataAgeMs: 90_000 }),
    status: 'open',
    check: {
      id: 'fetch_surge',
      class: 'health',
      message: /^1 verifier will fetch the JWKS at the switch, when they first meet new$/,
    },
  },
  {
    name: 'a grade too weak for the policy',
    from: { services: [serviceOf('edge', { profile: LAZY.profile })] },
    given: ({ world }) => void world.join('edge').report({ keys: [OLD], dataAgeMs: 90_000 }),
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['edge/i1/jwks fetchable'] },
  },
  {
    name: 'nobody vouches for a service that cannot report',
    from: { services: [ATTESTED] },
    given: () => undefined,
    status: 'closed',
    blocked: ['attested:fail'],
    check: {
      id: 'attested',
      class: 'policy',
      offenders: ['ledger unattested'],
      help: /^keyturn attest ledger --rotation r-1 --fact holds_new --reason/,
    },
  },
  {
    name: 'somebody vouches',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => void world.attest(id, 'ledger'),
    status: 'open',
  },
  {
    name: 'an attestation that ran out',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { validForMs: 60_000 });
      world.pass(60_000);
    },
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'somebody vouches for the wrong thing',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => void world.attest(id, 'ledger', { fact: 'rejects_old' }),
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'vouched for, and it tells how verifications end, of its keys nothing',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      const counts = [{ kid: 'old', outcomes: { ok: 3 } }];
      world.join('ledger', 'i1', { source: 'pushed' }).report({ ...NO_KEYS, counts });
    },
    status: 'open',
  },
  {
    name: 'vouched for, and it tries to fetch in vain: it may get an old copy yet',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.join('ledger').report({ ...NO_KEYS, attemptAgeMs: 0, failures: 1 });
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
  },
  {
    name: 'vouched for, and what it counts then tells older keys',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      const pushed = world.join('ledger', 'i1', { source: 'pushed' });
      pushed.report({ ...NO_KEYS, counts: [{ kid: 'old', outcomes: { ok: 3 } }] });
      pushed.report({ keys: [OLD], dataAgeMs: 3_600_000 });
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
  },
  {
    name: 'vouched for, and its own report says otherwise',
    from: { services: [ATTESTED] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.join('ledger').report({ keys: [OLD], dataAgeMs: 3_600_000 });
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
    check: { id: 'new_key_known', offenders: ['ledger/i1/jwks absent'] },
  },
  {
    name: 'one of two instances vouched for',
    from: { services: [PAIR] },
    given: ({ world, id }) => void world.attest(id, 'ledger', { instance: 'x' }),
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'both instances vouched for',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { instance: 'x' });
      world.attest(id, 'ledger', { instance: 'y' });
    },
    status: 'open',
  },
  {
    name: 'two vouched for, and a third shows up',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { instance: 'x' });
      world.attest(id, 'ledger', { instance: 'y' });
      world.join('ledger', 'z').report(BOTH);
    },
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'no instance declared, and nobody vouches',
    from: { services: [serviceOf('ledger', { evidence: 'attested', instances: 0 })] },
    given: () => undefined,
    status: 'closed',
    blocked: ['attested:fail'],
  },
  {
    name: 'evidence of every declared instance does instead of a person',
    from: { services: [PAIR] },
    given: ({ world }) => {
      world.join('ledger', 'x').report(BOTH);
      world.join('ledger', 'y').report(BOTH);
    },
    status: 'open',
  },
  {
    name: 'judged by time: too early',
    from: { services: [TIMED] },
    given: ({ world, id }) => {
      const since = world.gate(id, 'activate').checks.find((c) => c.id === 'new_key_published');
      return (since?.sinceMs ?? 0) + 60_000 + 60_000;
    },
    status: 'closed',
    blocked: ['time_elapsed:fail'],
    check: { id: 'time_elapsed', class: 'time', clears: true },
  },
  {
    name: 'judged by time: long enough',
    from: { services: [TIMED] },
    given: ({ world }) => world.pass(120_000),
    status: 'open',
  },
  {
    name: 'judged by time: long enough by a clock that was set back',
    from: { services: [TIMED] },
    given: ({ world }) => {
      world.pass(120_000);
      world.stepWall(-60_000);
    },
    status: 'closed',
    blocked: ['time_elapsed:fail'],
  },
  {
    name: 'judged by time: long enough, and its own report says otherwise',
    from: { services: [TIMED] },
    given: ({ world }) => {
      world.join('mesh').report({ keys: [OLD] });
      world.pass(120_000);
    },
    status: 'closed',
    blocked: ['new_key_known:fail'],
  },
  {
    name: 'judged by time: what one of two processes under a name says does not replace it',
    from: { services: [serviceOf('mesh', { evidence: 'timed', instances: 1 })] },
    given: ({ world }) => {
      world.join('mesh').report({ keys: [OLD] });
      world.join('mesh').report(BOTH);
    },
    status: 'closed',
    blocked: ['time_elapsed:fail', 'fleet_heard:unknown'],
  },
  {
    name: 'judged by time, and its profile knows no bound',
    from: {
      services: [
        serviceOf('mesh', { evidence: 'timed', profile: profileOf({ newKidRefusedS: null }) }),
      ],
    },
    given: ({ world }) => world.pass(120_000),
    status: 'unknown',
    blocked: ['time_elapsed:unknown'],
  },
  {
    name: 'two processes under one name',
    given: ({ world, b }) => {
      const twin = world.join('orders', 'b');
      twin.report(BOTH);
      b.report(BOTH);
    },
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    check: { id: 'fleet_heard', offenders: ['orders/b/jwks duplicate'] },
  },
  {
    name: 'two processes under one name, the second gone for a quarter of an hour',
    given: ({ world, b }) => {
      const twin = world.join('orders', 'b');
      twin.report(BOTH);
      b.report(BOTH);
      world.pass(900_000);
    },
    status: 'open',
  },
  {
    name: 'the fleet is at its bound, and one was turned away',
    from: { policy: { verifiersMax: 2 } },
    given: ({ world }) => {
      t.throws(() => world.join('orders', 'c'), /bound of 2/);
    },
    status: 'unknown',
    blocked: ['fleet_within_bounds:unknown'],
  },
  {
    name: 'a restart of the collector: the hold-down',
    given: ({ world }) => world.restart(),
    status: 'unknown',
    blocked: [
      'collector_ready:unknown',
      'jwks_healthy:unknown',
      'clock_agrees:unknown',
      'new_key_published:unknown',
      'old_key_published:unknown',
    ],
    check: { id: 'collector_ready', class: 'health', clears: true },
  },
  {
    name: 'a pause of the collector: the hold-down again',
    given: ({ world }) => {
      world.take({ type: 'paused' });
      world.sight();
      world.sight();
    },
    status: 'unknown',
    blocked: ['collector_ready:unknown'],
  },
  {
    name: 'the store refuses writes',
    given: ({ world }) => void world.take({ type: 'store_health', failing: true }),
    status: 'unknown',
    blocked: ['store_writable:unknown'],
    check: { id: 'store_writable', help: /^keyturn doctor$/ },
  },
  {
    name: 'an aborted rotation',
    given: ({ world, id }) => void world.declare(id, 'abort'),
    status: 'aborted',
    blocked: ['rotation_open:fail'],
  },
];

gateTable(t, 'activate', SITUATIONS);

t.test('the weakest grade relied on is named', (t) => {
  const grade = (
    from: Parameters<typeof rotating>[0],
    given: (r: ReturnType<typeof rotating>) => void,
  ) => {
    const rotation = rotating(from);
    given(rotation);
    return rotation.world.gate(rotation.id, 'activate').weakestGrade;
  };
  t.equal(
    grade({}, () => undefined),
    'present',
  );
  t.equal(
    grade({ services: [ATTESTED] }, () => undefined),
    'attested',
  );
  t.equal(
    grade({ services: [ATTESTED, TIMED] }, () => undefined),
    'timed',
  );
  t.equal(
    grade({ services: [LAZY] }, ({ world }) => void world.join('edge').report({ keys: [OLD] })),
    'fetchable',
  );
  t.end();
});

t.test('an issuer without a dependent: nothing is known, so unknown', (t) => {
  const rotation = rotating({});
  rotation.a.goodbye();
  rotation.b.goodbye();
  rotation.world.restart({ policy: { ...rotation.world.policy, services: new Map() } });
  rotation.world.pass(60_000);
  const verdict = rotation.world.gate(rotation.id, 'activate');
  t.equal(verdict.status, 'unknown');
  t.match(verdict.checks.find((check) => check.id === 'fleet_heard')?.message, /none has reported/);
  t.end();
});

t.test('an issuer that left the settings cannot be waived past', (t) => {
  const { world, id } = rotating({});
  for (const check of ['jwks_healthy', 'new_key_known']) world.waive(id, 'activate', check);
  world.restart({ policy: { ...world.policy, issuers: new Map() } });
  world.pass(60_000);
  const verdict = world.gate(id, 'activate');
  t.equal(verdict.status, 'unknown');
  t.same(
    verdict.checks.filter((check) => check.status !== 'pass').map((check) => check.id),
    ['issuer_configured'],
  );
  t.notOk(world.waive(id, 'activate', 'issuer_configured').ok);
  t.end();
});

t.test('at most a hundred offenders are shown, and all are counted', (t) => {
  const { world, id } = rotating({});
  for (let i = 0; i < 150; i++) world.join('swarm', `s${i}`).report({ keys: [OLD] });
  const check = world.gate(id, 'activate').checks.find((found) => found.id === 'new_key_known');
  t.equal(check?.offenders.length, 100);
  t.equal(check?.offenderCount, 150);
  t.end();
});
