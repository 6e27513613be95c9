import t from 'tap';
import { emptyFleet, enrol, setLiveness } from '../../src/core/fleet.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { expiredLeases, renewLease } from '../../src/core/leases.ts';
import { policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';
import { rotating } from '../support/rotating.ts';
import type { VerifierRecord } from '../../src/core/records.ts';

const LEASE_MS = 45_000;
const policy = policyOf([serviceOf('orders', { instances: 2 })]);

function record(instance: string): VerifierRecord {
  return {
    id: { service: 'orders', instance, cache: 'jwks' },
    bootId: '',
    epoch: 1,
    seq: 1,
    profile: '',
    source: 'in_process',
    issuers: [],
    cacheKind: 'any',
    firstSeenAtMs: 0,
    receivedAtMs: 0,
    observedAtMs: 0,
    keySets: [],
    counts: [],
    carried: [],
    otherBoots: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes: [],
  };
}

function fleetOf(n: number, nowMs: number): Fleet {
  const fleet = emptyFleet(policy, nowMs);
  for (let i = 0; i < n; i++) {
    const verifier = enrol(fleet, policy, record(`i${i}`), 'reporting', nowMs);
    renewLease(fleet, policy, verifier, nowMs);
  }
  return fleet;
}

t.test('a lease is never shorter than promised, and ends within two seconds after', (t) => {
  for (const startMs of [0, 1, 499, 500, 999, 1_000, 1_001]) {
    const fleet = fleetOf(1, startMs);
    t.same(expiredLeases(fleet, startMs + LEASE_MS), [], `from ${startMs}`);
    t.equal(expiredLeases(fleet, startMs + LEASE_MS + 2_000).length, 1, `from ${startMs}`);
    t.same(expiredLeases(fleet, startMs + LEASE_MS + 9_000), [], 'each given once');
  }
  t.end();
});

t.test('a lease renewed in time goes on', (t) => {
  const fleet = fleetOf(1, 0);
  const [verifier] = fleet.verifiers.values();
  if (verifier === undefined) {
    t.fail('no verifier');
    t.end();
    return;
  }
  for (let atMs = 1_000; atMs < 300_000; atMs += 15_000) {
    renewLease(fleet, policy, verifier, atMs);
    t.same(expiredLeases(fleet, atMs + 14_000), []);
  }
  t.end();
});

t.test('leases are found after a pause of days, and however many end at once', (t) => {
  // More than fit into the arguments of one call.
  const size = 150_000;
  for (const atMs of [86_400_000 * 30, 48_000]) {
    const fleet = fleetOf(1, 0);
    const [one] = fleet.verifiers.values();
    if (one === undefined) throw new Error('no verifier');
    for (let i = 1; i < size; i++) renewLease(fleet, policy, { ...one, leaseEndS: 0 }, 0);
    t.equal(expiredLeases(fleet, atMs).length, size);
    t.equal(fleet.leases.size, 0);
  }
  t.end();
});

t.test('a lease looked for late is found once, whichever way it is found', (t) => {
  for (const pauseMs of [47_000, 60_000, 3_600_000]) {
    const fleet = fleetOf(3, 500);
    const ended = expiredLeases(fleet, 500 + pauseMs);
    t.equal(new Set(ended).size, 3, `after ${pauseMs} ms`);
    t.same(expiredLeases(fleet, 500 + pauseMs), []);
    const [again] = fleet.verifiers.values();
    if (again === undefined) throw new Error('no verifier');
    renewLease(fleet, policy, again, 500 + pauseMs);
    t.same(expiredLeases(fleet, 500 + pauseMs + LEASE_MS), []);
    t.same(expiredLeases(fleet, 500 + pauseMs + LEASE_MS + 2_000), [again]);
  }
  t.end();
});

t.test(
  'a lease renewed within one second stays where it is, and one that moved is nowhere else',
  (t) => {
    const fleet = fleetOf(2, 0);
    const [one, two] = fleet.verifiers.values();
    if (one === undefined || two === undefined) throw new Error('no verifiers');
    t.equal(one.leaseEndS, 46);
    renewLease(fleet, policy, one, 0);
    t.same([...fleet.leases.keys()], [46]);
    renewLease(fleet, policy, one, 5_000);
    t.same(
      [...fleet.leases.entries()].map(([endS, all]) => [endS, all.size]),
      [
        [46, 1],
        [51, 1],
      ],
    );
    renewLease(fleet, policy, two, 5_000);
    t.same([...fleet.leases.keys()], [51], 'an empty second is let go');
    t.end();
  },
);

t.test('who departs or falls silent holds no lease', (t) => {
  for (const liveness of ['departed', 'silent'] as const) {
    const fleet = fleetOf(1, 0);
    const [verifier] = fleet.verifiers.values();
    if (verifier === undefined) {
      t.fail('no verifier');
      t.end();
      return;
    }
    setLiveness(fleet, verifier, liveness, 1_000);
    t.equal(fleet.leases.size, 0, liveness);
    t.same(expiredLeases(fleet, 100_000), []);
  }
  t.end();
});

t.test('a silent verifier comes back with its next report', (t) => {
  const { world, id, b } = rotating();
  world.pass(60_000, { silent: ['orders/b'] });
  t.equal(world.gate(id, 'activate').status, 'unknown');
  b.report();
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('an act is judged by leases in force now, though no tick has run', (t) => {
  const { world, id } = rotating();
  world.atMs += LEASE_MS + 2_000;
  world.sight();
  t.match(world.declare(id, 'activate'), { ok: false, refusal: { code: 'gate_not_open' } });
  t.end();
});

t.test('what a gate memo shows is judged by leases in force now', (t) => {
  const { world, id } = rotating();
  world.gate(id, 'activate');
  world.atMs += LEASE_MS + 2_000;
  world.sightFailure();
  world.sight();
  world.take({ type: 'settle' });
  t.equal(world.state.gates.get(id)?.get('activate')?.status, 'unknown');
  t.end();
});

t.test('the sweep: who is forgotten, and when', (t) => {
  const HOUR = 3_600_000;
  const rows: [string, (world: World) => void, number, boolean][] = [
    ['one that reports', () => undefined, 30 * 24 * HOUR, true],
    ['departed an hour ago', (w) => w.verifiers[0]?.goodbye(), HOUR + 700_000, true],
    ['departed for more than a week', (w) => w.verifiers[0]?.goodbye(), 9 * 24 * HOUR, false],
    ['silent, nobody in its place', (w) => w.verifiers[0]?.crash(), 30 * 24 * HOUR, true],
    [
      'silent and replaced for an hour',
      (w) => {
        w.join('orders', 'c').report();
        w.verifiers[0]?.crash();
      },
      HOUR,
      true,
    ],
    [
      'silent and replaced for more than a day',
      (w) => {
        w.join('orders', 'c').report();
        w.verifiers[0]?.crash();
      },
      25 * HOUR,
      false,
    ],
  ];
  for (const [name, given, ms, kept] of rows) {
    const world = new World(policy);
    world.join('orders', 'a').report();
    world.join('orders', 'b').report();
    given(world);
    for (let passed = 0; passed < ms; passed += 700_000) {
      world.atMs += 700_000;
      for (const verifier of world.verifiers) verifier.report();
      world.take({ type: 'tick' });
    }
    t.equal(world.state.fleet.verifiers.has('orders/a/jwks'), kept, name);
  }
  t.end();
});

t.test('departed ones make room when it is short', (t) => {
  const world = new World({ ...policy, verifiersMax: 3 });
  world.join('orders', 'a');
  world.join('orders', 'b').goodbye();
  world.atMs += 3_600_000 + 700_000;
  world.take({ type: 'tick' });
  t.notOk(world.state.fleet.verifiers.has('orders/b/jwks'));
  t.end();
});

t.test('an identity that was forgotten starts above every epoch it had', (t) => {
  const world = new World(policy);
  for (let i = 0; i < 4; i++) world.join('orders', 'a').crash();
  const removed = world.act({
    type: 'remove_verifier',
    by: 'tester',
    service: 'orders',
    instance: 'a',
    cache: null,
    reason: 'gone',
  });
  t.match(removed, { ok: true, removed: 1 });
  t.equal(world.join('orders', 'a').epoch, 5);
  world.restart();
  t.equal(world.join('orders', 'new').epoch, 5);
  t.end();
});
