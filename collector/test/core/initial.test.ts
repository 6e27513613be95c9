import t from 'tap';
import { holdDownEndMs, initialState } from '../../src/core/initial.ts';
import { keyIdentity, usageKey } from '../../src/core/state.ts';
import type { Persisted } from '../../src/core/writes.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { LEDGER } from '../support/acts.ts';
import { rotating } from '../support/rotating.ts';

const NOW = { atMs: 1_800_000_000_123.5, earliestMs: 1_800_000_000_000 };

function begin(persisted: Partial<Persisted>, policy = policyOf([serviceOf('orders')])) {
  return initialState(policy, { ...openMemoryStore().load(), ...persisted }, NOW, 'abc');
}

t.test('a first start: nothing known, nothing believed', (t) => {
  const state = begin({});
  t.match(state.health, {
    startedAtMs: NOW.atMs,
    holdDownUntilMs: NOW.atMs + 47_000,
    storeFailingSinceMs: null,
    refusedVerifiers: 0,
    refusedVerifierAtMs: null,
    untrackedUsage: 0,
    droppedKeys: 0,
    droppedKeyAtMs: null,
    droppedRotations: 0,
  });
  t.equal(state.policySha256, 'abc');
  t.equal(state.revision, 1_800_000_000_123, 'above every revision of before');
  t.equal(state.epochFloor, 0);
  t.equal(state.sweptAtMs, NOW.atMs);
  t.same([...state.issuers.keys()], [ISSUER]);
  t.equal(initialState(policyOf([]), openMemoryStore().load(), NOW).policySha256, '');
  const policy = { ...state.policy, heartbeatMs: 1_000, leaseHeartbeats: 5 };
  t.equal(holdDownEndMs(policy, { atMs: 7, earliestMs: 0 }), 7 + 5_000 + 2_000);
  t.end();
});

t.test('what was committed is known, by its name', (t) => {
  const { world, id, a } = rotating({ services: [LEDGER] });
  t.ok(world.attest(id, 'ledger').ok);
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 3 }, iatS: 5 }] });
  world.waive(id, 'activate', 'stable');
  world.sight(world.served, undefined, { maxAgeS: 60 });
  const persisted = world.store.load();
  const state = begin({ ...persisted, meta: { epochFloor: 6, lastNowMs: 1 } }, world.policy);
  t.same([...state.usage.keys()], [usageKey(ISSUER, 'old')]);
  t.same([...state.rotations.keys()], [id]);
  t.same(
    [...state.waivers.keys()],
    persisted.waivers.map((record) => record.id),
  );
  t.equal(state.waivers.size, 1);
  t.same(
    [...state.attestations.keys()],
    persisted.attestations.map((record) => record.id),
  );
  t.equal(state.attestations.size, 1);
  t.equal(state.epochFloor, 6);
  t.same([...state.evidence.keys()], [id]);
  t.same(state.totals.get(usageKey(ISSUER, 'old')), { ok: 3 });
  const issuer = state.issuers.get(ISSUER);
  t.same(
    [OLD, NEW].map((key) => issuer?.keys.has(keyIdentity(key))),
    [true, true],
  );
  t.equal(issuer?.unread.size, 0, 'it has its baseline');
  t.same(issuer?.cacheLives, [{ lifeMs: 60_000, servedUntilMs: NOW.atMs }]);
  const verifier = state.fleet.verifiers.get('orders/a/jwks');
  t.equal(verifier?.standings.get(id)?.holdsNew, 'present');
  t.end();
});

t.test('an issuer without keys on record has its first reading before it', (t) => {
  t.equal(begin({}).issuers.get(ISSUER)?.unread.size, 1);
  t.end();
});

t.test('records of issuers that are not configured any more do no harm', (t) => {
  const { world } = rotating();
  world.sight(world.served, undefined, { maxAgeS: 60 });
  const persisted = world.store.load();
  const policy = policyOf([], { issuers: new Map() });
  t.equal(begin(persisted, policy).issuers.size, 0);
  t.end();
});

t.test('how each verifier is taken back', (t) => {
  const { world } = rotating();
  const [record] = world.store.load().verifiers;
  if (record === undefined) throw new Error('no verifier');
  const rows: [string, Partial<typeof record>, string, boolean, number][] = [
    ['it reported', {}, 'reporting', true, 0],
    ['it said hello', { receivedAtMs: null }, 'joined', true, 0],
    ['it said goodbye', { departedAtMs: 5 }, 'departed', false, 0],
    [
      'it said goodbye before it said anything',
      { departedAtMs: 5, receivedAtMs: null },
      'departed',
      false,
      0,
    ],
    [
      'a second process was seen long ago',
      { duplicateAtMs: NOW.atMs - 900_000 },
      'reporting',
      true,
      0,
    ],
    [
      'a second process was seen',
      { duplicateAtMs: NOW.atMs - 899_999 },
      'reporting',
      true,
      NOW.atMs + 1,
    ],
  ];
  for (const [name, part, liveness, lease, contestedUntilMs] of rows) {
    const state = begin({ verifiers: [{ ...record, ...part }] }, world.policy);
    const [verifier] = state.fleet.verifiers.values();
    t.match(verifier, { liveness, contestedUntilMs, livenessSinceMs: NOW.atMs }, name);
    t.equal(state.fleet.leases.size, lease ? 1 : 0, `${name}: its lease starts now`);
  }
  t.end();
});

t.test('the last document of who cannot count may have held the old key', (t) => {
  const { world, id } = rotating();
  world.join('orders', 'p', { source: 'proxy' }).report({ keys: [NEW] });
  const state = begin(world.store.load(), world.policy);
  const tally = state.fleet.groups.get(ISSUER)?.get('orders')?.tallies.get(id);
  t.equal(tally?.lastServedOldAtMs, world.atMs);
  t.end();
});
