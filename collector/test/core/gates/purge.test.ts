import t from 'tap';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';
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
    blocked: ['drop_time_elapsed:fail'],
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

gateTable(
  t,
  'purge',
  SITUATIONS.map((situation) => ({ ...situation, from: { until: 'retired', ...situation.from } })),
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
