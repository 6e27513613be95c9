import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { ISSUER, issuerOf, NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';
import { checkOf } from '../../support/world.ts';

const BOTH = { keys: [OLD, NEW] };
const LEDGER = serviceOf('ledger', { evidence: 'attested', instances: null });
const MESH = serviceOf('mesh', {
  evidence: 'timed',
  instances: null,
  profile: profileOf({ removedKeyAcceptedS: 300 }),
});
/** Keeps keys one by one for ten minutes, so that a fetch says nothing of what it dropped. */
const PER_KID = serviceOf('edge', {
  evidence: 'served',
  profile: profileOf({
    replacesWholeSet: false,
    refetchesOnUnknownKid: true,
    cooldownS: 0,
    removedKeyAcceptedS: 600,
  }),
});
const FOREVER = serviceOf('edge', {
  profile: profileOf({ removedKeyAcceptedS: null, cachesVerifiedTokens: true }),
});

const SITUATIONS: readonly Situation[] = [
  { name: 'nobody holds the old key any more', given: () => undefined, status: 'open' },
  {
    name: 'judged by time, and one of two processes under a name says it dropped the key',
    from: { until: 'retired', services: [serviceOf('mesh', { evidence: 'timed', instances: 1 })] },
    given: ({ world }) => {
      world.join('mesh').report(BOTH);
      world.join('mesh').report({ keys: [NEW] });
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail', 'fleet_heard:unknown'],
  },
  {
    name: 'still served',
    from: { until: 'switched' },
    given: () => undefined,
    status: 'closed',
    blocked: ['old_key_withdrawn:fail', 'old_key_dropped:fail', 'drop_time_elapsed:unknown'],
    check: { id: 'old_key_withdrawn', help: /^remove old from the JWKS/ },
  },
  {
    name: 'missing once only',
    from: { until: 'switched' },
    given: ({ world, a, b }) => {
      world.sight([NEW]);
      for (const verifier of [a, b]) verifier.report({ keys: [NEW] });
    },
    status: 'closed',
    blocked: ['old_key_withdrawn:fail', 'drop_time_elapsed:unknown'],
  },
  {
    name: 'served again by one replica',
    given: ({ world }) => world.sight([OLD, NEW]),
    status: 'closed',
    blocked: ['old_key_withdrawn:fail', 'drop_time_elapsed:unknown'],
  },
  {
    name: 'one still holds it',
    given: ({ b }) => void b.report(BOTH),
    status: 'closed',
    blocked: ['old_key_dropped:fail'],
    check: { id: 'old_key_dropped', class: 'evidence', offenders: ['orders/b/jwks holds_old'] },
  },
  {
    name: 'one is silent, and its bound has passed: still not heard',
    given: ({ world }) => world.pass(120_000, { silent: ['orders/b'] }),
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
  },
  {
    name: 'one is silent for good and replaced, with no bound for what it accepts',
    from: { until: 'retired', services: [] },
    given: ({ world }) => {
      world.join('orders', 'c').report({ keys: [NEW] });
      world.pass(60_000, { silent: ['orders/b'] });
    },
    status: 'open',
  },
  {
    name: 'behind the proxy, keys kept one by one: a fetch proves nothing',
    from: { services: [PER_KID] },
    given: ({ world }) =>
      void world.join('edge', 'i1', { source: 'proxy' }).report({ keys: [NEW] }),
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    check: {
      id: 'drop_time_elapsed',
      class: 'time',
      offenders: ['edge/i1/jwks undecided'],
      clears: true,
    },
  },
  {
    name: 'the same, when its bound has passed',
    from: { services: [PER_KID] },
    given: ({ world }) => {
      world.join('edge', 'i1', { source: 'proxy' }).report({ keys: [NEW] });
      world.pass(600_000);
    },
    status: 'open',
  },
  {
    name: 'the same, by a clock that was set back',
    from: { services: [PER_KID] },
    given: ({ world }) => {
      world.join('edge', 'i1', { source: 'proxy' }).report({ keys: [NEW] });
      world.pass(600_000);
      world.stepWall(-60_000);
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
  },
  {
    name: 'it remembers tokens, and no bound is known: time alone never passes',
    from: { services: [FOREVER] },
    given: ({ world }) => {
      world.join('edge').report({ keys: [NEW] });
      world.pass(86_400_000);
    },
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
    check: { id: 'drop_time_elapsed', message: /without any time limit/, help: /keyturn attest/ },
  },
  {
    name: 'judged by time: the one that reports has dropped it, the others do not report',
    from: { services: [MESH] },
    given: ({ world }) => {
      world.join('mesh').report({ keys: [NEW] });
      world.pass(60_000);
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    check: { id: 'drop_time_elapsed', offenders: ['mesh unseen'] },
  },
  {
    name: 'judged by time: long enough',
    from: { services: [MESH] },
    given: ({ world }) => world.pass(300_000),
    status: 'open',
  },
  {
    name: 'judged by time: long enough, and one says that it still holds it',
    from: { services: [MESH] },
    given: ({ world }) => {
      world.join('mesh').report(BOTH);
      world.pass(300_000);
    },
    status: 'closed',
    blocked: ['old_key_dropped:fail'],
  },
  {
    name: 'nobody vouches that it rejects the old key',
    from: { services: [LEDGER] },
    given: ({ world, id }) => void world.attest(id, 'ledger'),
    status: 'closed',
    blocked: ['attested:fail'],
    check: { id: 'attested', help: /--fact rejects_old/ },
  },
  {
    name: 'somebody vouches',
    from: { services: [LEDGER] },
    given: ({ world, id }) => void world.attest(id, 'ledger', { fact: 'rejects_old' }),
    status: 'open',
  },
  {
    name: 'somebody vouches, and its own report says otherwise',
    from: { services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { fact: 'rejects_old' });
      world.join('ledger').report(BOTH);
    },
    status: 'closed',
    blocked: ['old_key_dropped:fail'],
  },
  {
    name: 'an optional service still holds it',
    from: { services: [serviceOf('extras', { required: false })] },
    given: ({ world }) => void world.join('extras').report(BOTH),
    status: 'open',
  },
];

const READS: readonly Situation[] = [
  {
    name: 'reads: nobody holds the old key',
    given: () => undefined,
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
        'pass evidence rejects_bogus: no verifier is known to accept a bogus signature',
        'pass policy signer_switched: the signer was switched at 00:01:30Z | since 00:01:30Z',
        'pass evidence old_key_withdrawn: old is served nowhere since 00:02:00Z',
        'pass evidence old_key_dropped: no live key set holds old',
        'pass time drop_time_elapsed: every cache that shows nothing has outlived its bound',
        'pass policy attested: no service depends on attestation',
        'pass coverage fleet_heard: 1 service report in full',
      ],
    },
  },
  {
    name: 'reads: still served, and retirement was declared',
    from: { until: 'switched' },
    given: ({ world, id }) => {
      world.pass(5_000);
      world.declare(id, 'retire', 'now');
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['old_key_withdrawn:fail', 'old_key_dropped:fail', 'drop_time_elapsed:unknown'],
    reads: {
      lines: [
        'fail evidence old_key_withdrawn: old is still served at a vantage | since 00:01:35Z | help: remove old from the JWKS at every origin and purge its caches',
        'fail evidence old_key_dropped: 2 verifiers still holding old | since 00:01:00Z | help: keyturn verifiers --rotation r-1 --state holds_old',
        '  orders/a/jwks holds_old since 00:01:00Z: still accepts old',
        '  orders/b/jwks holds_old since 00:01:00Z: still accepts old',
        'unknown time drop_time_elapsed: time counts from withdrawal, which has not been seen',
      ],
    },
  },
  {
    name: 'reads: still served, and nobody said that it should not be',
    from: { until: 'switched' },
    given: ({ world }) => world.pass(5_000),
    status: 'closed',
    blocked: ['old_key_withdrawn:fail', 'old_key_dropped:fail', 'drop_time_elapsed:unknown'],
    reads: {
      of: ['old_key_withdrawn'],
      lines: [
        'fail evidence old_key_withdrawn: old is still served at a vantage | since 00:01:00Z | help: remove old from the JWKS at every origin and purge its caches',
      ],
    },
  },
  {
    name: 'reads: one still holds it',
    given: ({ world, b }) => {
      world.pass(5_000);
      b.report(BOTH);
      world.pass(5_000);
    },
    status: 'closed',
    blocked: ['old_key_dropped:fail'],
    reads: {
      lines: [
        'fail evidence old_key_dropped: 1 verifier still holding old | since 00:02:05Z | help: keyturn verifiers --rotation r-1 --state holds_old',
        '  orders/b/jwks holds_old since 00:02:05Z: still accepts old',
      ],
    },
  },
  {
    name: 'reads: the proxy served an old document before the fresh one',
    from: { services: [PER_KID] },
    given: ({ world }) => {
      const edge = world.join('edge', 'i1', { source: 'proxy' });
      world.pass(120_000);
      edge.report(BOTH);
      world.pass(15_000);
      edge.report({ keys: [NEW] });
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 1 verifier may accept old until 00:14:15Z | since 00:02:00Z | clears 00:14:15Z',
        '  edge/i1/jwks undecided since 00:04:15Z: nothing shows that it dropped old',
      ],
    },
  },
  {
    name: 'reads: two profiles with bounds, the later counts',
    from: {
      services: [
        PER_KID,
        MESH,
        serviceOf('slow', {
          evidence: 'timed',
          instances: null,
          profile: profileOf({ id: '', removedKeyAcceptedS: 900 }),
        }),
      ],
    },
    given: ({ world }) => {
      world.join('edge', 'i1', { source: 'proxy' }).report({ keys: [NEW] });
      world.pass(10_000);
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 3 verifiers may accept old until 00:17:00Z | since 00:02:00Z | clears 00:17:00Z',
        '  edge/i1/jwks undecided since 00:02:00Z: nothing shows that it dropped old',
        '  mesh unseen: judged by the bound of profile test-profile',
        '  slow unseen: judged by the bound set for it',
      ],
    },
  },
  {
    name: 'reads: one without a bound beside one with a bound',
    from: { services: [FOREVER, MESH] },
    given: ({ world }) => {
      world.join('edge').report({ keys: [NEW] });
      world.pass(10_000);
    },
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
    reads: {
      lines: [
        'unknown time drop_time_elapsed: 1 verifier may accept old without any time limit, until it is restarted | since 00:02:00Z | help: keyturn attest edge --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  edge/i1/jwks undecided since 00:02:00Z: nothing shows that it dropped old',
      ],
    },
  },
  {
    name: 'reads: keys that are configured end by no time',
    from: {
      services: [
        serviceOf('box', {
          evidence: 'timed',
          instances: null,
          profile: profileOf({ staticKeys: true }),
        }),
      ],
    },
    given: ({ world }) => world.pass(120_000),
    status: 'unknown',
    blocked: ['drop_time_elapsed:unknown'],
    reads: {
      lines: [
        'unknown time drop_time_elapsed: 1 verifier may accept old without any time limit, until it is restarted | since 00:02:00Z | help: keyturn attest box --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  box unseen: judged by the bound of profile test-profile',
      ],
    },
  },
  {
    name: 'reads: judged by time, and all that were declared say that they dropped it',
    from: { services: [{ ...MESH, instances: 2 }] },
    given: ({ world }) => {
      for (const instance of ['x', 'y']) world.join('mesh', instance).report({ keys: [NEW] });
    },
    status: 'open',
    reads: {
      of: ['drop_time_elapsed'],
      lines: ['pass time drop_time_elapsed: every cache that shows nothing has outlived its bound'],
    },
  },
  {
    name: 'reads: judged by time, and one of two says so',
    from: { services: [{ ...MESH, instances: 2 }] },
    given: ({ world }) => void world.join('mesh', 'x').report({ keys: [NEW] }),
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      of: ['drop_time_elapsed'],
      lines: [
        'fail time drop_time_elapsed: 1 verifier may accept old until 00:07:00Z | since 00:02:00Z | clears 00:07:00Z',
        '  mesh unseen: judged by the bound of profile test-profile',
      ],
    },
  },
  {
    name: 'reads: judged by time, and none is declared',
    from: { services: [{ ...MESH, instances: 0 }] },
    given: () => undefined,
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      of: ['drop_time_elapsed'],
      lines: [
        'fail time drop_time_elapsed: 1 verifier may accept old until 00:07:00Z | since 00:02:00Z | clears 00:07:00Z',
        '  mesh unseen: judged by the bound of profile test-profile',
      ],
    },
  },
  {
    name: 'reads: everything between origin and verifier adds',
    from: {
      services: [MESH],
      policy: {
        issuers: new Map([[ISSUER, issuerOf({ originSpreadMs: 5_000, sharedCachesMs: 20_000 })]]),
      },
    },
    given: () => undefined,
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      of: ['drop_time_elapsed'],
      lines: [
        'fail time drop_time_elapsed: 1 verifier may accept old until 00:07:25Z | since 00:02:00Z | clears 00:07:25Z',
        '  mesh unseen: judged by the bound of profile test-profile',
      ],
    },
  },
  {
    name: 'reads: one is silent and replaced, and says nothing',
    from: {
      services: [
        serviceOf('web', { instances: 1, profile: profileOf({ removedKeyAcceptedS: 600 }) }),
      ],
    },
    given: ({ world }) => {
      world.join('web', 'x').report({ keys: [], dataAgeMs: null });
      world.join('web', 'y').report({ keys: [], dataAgeMs: null });
      world.pass(60_000, { silent: ['web/x'] });
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 1 verifier may accept old until 00:12:00Z | since 00:02:00Z | clears 00:12:00Z',
        '  web/y/jwks undecided since 00:02:00Z: nothing shows that it dropped old',
      ],
    },
  },
  {
    name: 'reads: one is silent and not replaced',
    from: {
      services: [
        serviceOf('web', { instances: 2, profile: profileOf({ removedKeyAcceptedS: 600 }) }),
      ],
    },
    given: ({ world }) => {
      world.join('web', 'x').report({ keys: [], dataAgeMs: null });
      world.join('web', 'y').report({ keys: [NEW] });
      world.pass(60_000, { silent: ['web/x'] });
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail', 'fleet_heard:unknown'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 1 verifier may accept old until 00:12:00Z | since 00:02:00Z | clears 00:12:00Z',
        '  web/x/jwks undecided since 00:02:00Z: nothing shows that it dropped old',
        'unknown coverage fleet_heard: nothing is known of 1 verifier that should report | since 00:02:46Z | help: keyturn remove web x --reason "gone for good"',
        '  web/x/jwks silent since 00:02:46Z: stopped reporting without a goodbye',
      ],
    },
  },
  {
    name: 'reads: the proxy in front of one serves the old key',
    from: { services: [PER_KID] },
    given: ({ world }) => {
      world.pass(5_000);
      world.join('edge', 'i1', { source: 'proxy' }).report(BOTH);
      world.join('edge', 'i2', { source: 'proxy' }).report({ keys: [NEW] });
    },
    status: 'closed',
    blocked: ['drop_time_elapsed:fail'],
    reads: {
      lines: [
        'fail time drop_time_elapsed: 2 verifiers may accept old until 00:12:05Z | since 00:02:00Z | clears 00:12:05Z',
        '  edge/i2/jwks undecided since 00:02:05Z: nothing shows that it dropped old',
        '  edge/i1/jwks served_old since 00:02:05Z: nothing shows that it dropped old',
      ],
    },
  },
  {
    name: 'reads: judged by evidence, and one was never heard',
    from: { services: [serviceOf('web', { instances: 2 })] },
    given: ({ world }) => void world.join('web', 'x').report({ keys: [NEW] }),
    status: 'unknown',
    blocked: ['fleet_heard:unknown'],
    reads: {
      of: ['drop_time_elapsed', 'fleet_heard'],
      lines: [
        'pass time drop_time_elapsed: every cache that shows nothing has outlived its bound',
        'unknown coverage fleet_heard: nothing is known of 1 verifier that should report | help: keyturn doctor',
        '  web never_seen: 1 of 2 declared instances report',
      ],
    },
  },
];

gateTable(
  t,
  'purge',
  [...SITUATIONS, ...READS].map((situation) => ({
    ...situation,
    from: { until: 'retired', ...situation.from },
  })),
);

t.test('what the proxy served last counts after a restart as well', (t) => {
  const { world, id } = rotating({ until: 'retired', services: [PER_KID] });
  const edge = world.join('edge', 'i1', { source: 'proxy' });
  world.pass(120_000);
  // An old document, served while upstream was away, then the fresh one.
  edge.report({ keys: [OLD, NEW] });
  world.pass(15_000);
  edge.report({ keys: [NEW] });
  const before = checkOf(world.gate(id, 'purge'), 'drop_time_elapsed').clearsAtMs ?? 0;
  t.ok(before > world.atMs);
  world.restart();
  world.pass(60_000);
  const after = checkOf(world.gate(id, 'purge'), 'drop_time_elapsed').clearsAtMs ?? 0;
  t.ok(after >= before, 'the restart brings nothing forward');
  t.end();
});

t.test('one that was silent and has been forgotten blocks nothing', (t) => {
  const { world, id } = rotating({
    until: 'retired',
    services: [serviceOf('edge', { instances: 1, profile: FOREVER.profile })],
  });
  const gone = world.join('edge', 'old');
  gone.report({ keys: [NEW] });
  world.join('edge', 'new').report({ keys: [NEW] });
  for (const verifier of world.verifiers) if (verifier.name === 'edge/old') verifier.crash();
  world.pass(90_000_000);
  t.notOk(world.state.fleet.verifiers.has('edge/old/jwks'), 'swept');
  t.equal(checkOf(world.gate(id, 'purge'), 'drop_time_elapsed').offenderCount, 1);
  t.end();
});
