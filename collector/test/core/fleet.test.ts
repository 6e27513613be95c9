import t from 'tap';
import { contest, settledContests } from '../../src/core/contests.ts';
import {
  emptyFleet,
  enrol,
  findVerifier,
  forget,
  groupsOfIssuer,
  isReplaced,
  regroup,
  servicePolicyOf,
  setLiveness,
} from '../../src/core/fleet.ts';
import type { Fleet, Group, Liveness, Verifier } from '../../src/core/fleet.ts';
import { expiredLeases, renewLease } from '../../src/core/leases.ts';
import { ISSUER, policyOf, profileOf, serviceOf } from '../support/policies.ts';
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
    t.equal([...(fleet.leases.get(46) ?? [])][0], one, 'it was not taken out and put in again');
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
    for (let passed = 0; passed < ms; ) {
      const stepMs = passed === 0 ? 60_000 : Math.min(ms, 6 * HOUR);
      passed += stepMs;
      world.atMs += stepMs;
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

/** Everything a group says of its members, by name. */
function seenIn(group: Group | undefined): Record<string, string[]> {
  if (group === undefined) return {};
  const { members, silent, joined, contested, uncounted } = group;
  const sets = { members, silent, joined, contested, uncounted };
  return Object.fromEntries(
    Object.entries(sets).flatMap(([name, set]) =>
      set.size === 0 ? [] : [[name, [...set].map(({ record }) => record.id.instance)]],
    ),
  );
}

function first(fleet: Fleet): Verifier {
  const [verifier] = fleet.verifiers.values();
  if (verifier === undefined) throw new Error('no verifier');
  return verifier;
}

t.test('a declared service is missed before anybody reports, and nothing else is', (t) => {
  const services = [serviceOf('orders'), serviceOf('edge', { issuers: ['x', ISSUER] })];
  const fleet = emptyFleet(policyOf(services), 5_500);
  t.same(
    [...fleet.groups].map(([issuer, groups]) => [issuer, [...groups.keys()]]),
    [
      [ISSUER, ['orders', 'edge']],
      ['x', ['edge']],
    ],
  );
  t.equal(fleet.leaseCursorS, 5);
  t.equal([...groupsOfIssuer(fleet, ISSUER)].length, 2);
  t.same([...groupsOfIssuer(fleet, 'nobody')], []);
  t.end();
});

t.test('every liveness has its set', (t) => {
  const rows: [Liveness, Record<string, string[]>, number][] = [
    ['reporting', { members: ['a'] }, 1],
    ['joined', { members: ['a'], joined: ['a'] }, 0],
    ['silent', { members: ['a'], silent: ['a'] }, 0],
    ['departed', {}, 0],
  ];
  for (const [from] of rows) {
    for (const [to, expected, live] of rows) {
      const fleet = emptyFleet(policy, 0);
      const verifier = enrol(fleet, policy, record('a'), from, 1_000);
      renewLease(fleet, policy, verifier, 1_000);
      setLiveness(fleet, verifier, to, 2_000);
      const [group] = groupsOfIssuer(fleet, ISSUER);
      t.same(seenIn(group), expected, `${from} to ${to}`);
      t.equal(group?.liveCaches.get('a') ?? 0, live, `${from} to ${to}: counted`);
      t.equal(verifier.livenessSinceMs, from === to ? 1_000 : 2_000, `${from} to ${to}: since`);
      const keepsLease = from === to || to === 'reporting' || to === 'joined';
      t.equal(fleet.leases.size, keepsLease ? 1 : 0, `${from} to ${to}: its lease`);
    }
  }
  t.end();
});

t.test('a contest shows in every group until it is over, and never ends early', (t) => {
  const fleet = fleetOf(1, 0);
  const verifier = first(fleet);
  const [group] = groupsOfIssuer(fleet, ISSUER);
  contest(fleet, verifier, 5_000, 0);
  contest(fleet, verifier, 3_000, 0);
  t.equal(verifier.contestedUntilMs, 5_000);
  t.same(seenIn(group), { members: ['i0'], contested: ['i0'] });
  t.same(settledContests(fleet, 4_999), []);
  setLiveness(fleet, verifier, 'departed', 1);
  t.same(seenIn(group), {});
  setLiveness(fleet, verifier, 'reporting', 2);
  t.same(seenIn(group), { members: ['i0'], contested: ['i0'] }, 'it comes back contested');
  t.same(settledContests(fleet, 5_000), [verifier]);
  t.equal(verifier.contestedUntilMs, 0);
  t.same(seenIn(group), { members: ['i0'] });
  t.same(settledContests(fleet, 9_000), [], 'told once');
  setLiveness(fleet, verifier, 'departed', 3);
  contest(fleet, verifier, 10_000, 0);
  t.same(seenIn(group), {}, 'who is gone is in no set');
  t.equal(fleet.contested.size, 1);
  t.end();
});

t.test('who is forgotten is nowhere', (t) => {
  const world = new World(policy);
  const id = { service: 'orders', instance: 'a', cache: 'jwks' };
  world.join('orders', 'a', { source: 'proxy' }).report();
  const rotationId = (world.sight(), world.sight(), world.start());
  world.pass(1_000);
  const { fleet } = world.state;
  const verifier = first(fleet);
  const [group] = groupsOfIssuer(fleet, ISSUER);
  contest(fleet, verifier, 9e15, 0);
  verifier.probedAtMs = 5;
  fleet.probed.add(verifier);
  fleet.takesAnything.add(verifier);
  t.equal(verifier.standings.has(rotationId), true);
  t.equal(findVerifier(fleet, id), verifier);
  forget(fleet, verifier);
  t.same(seenIn(group), {});
  t.equal(group?.liveCaches.size, 0);
  t.same(
    [fleet.verifiers, fleet.leases, fleet.contested, fleet.probed, fleet.takesAnything].map(
      ({ size }) => size,
    ),
    [0, 0, 0, 0, 0],
  );
  t.match(verifier, { liveness: 'departed', groups: [], contestedUntilMs: 0 });
  t.equal(verifier.standings.size, 0);
  const tally = group?.tallies.get(rotationId);
  const counted = [...(tally?.byNew.values() ?? []), ...(tally?.byOld.values() ?? [])];
  t.ok(counted.every((members) => members.size === 0));
  t.equal(findVerifier(fleet, id), undefined);
  t.end();
});

t.test('groups nobody declared go with their last member, declared ones stay', (t) => {
  const at = (issuers: readonly string[]) => ({ ...record('a'), issuers });
  const names = (fleet: Fleet) => [...fleet.groups].map(([name, { size }]) => [name, size]);
  const fleet = emptyFleet(policy, 0);
  const verifier = enrol(fleet, policy, at(['x', ISSUER, 'x']), 'reporting', 0);
  const other = enrol(
    fleet,
    policy,
    { ...at(['x']), id: { service: 'undeclared', instance: 'b', cache: 'jwks' } },
    'reporting',
    0,
  );
  t.same(
    verifier.groups.map(({ issuer }) => issuer),
    ['x', ISSUER],
  );
  t.same(names(fleet), [
    [ISSUER, 1],
    ['x', 2],
  ]);
  setLiveness(fleet, other, 'silent', 1);
  t.same(names(fleet)[1], ['x', 2], 'a silent one is missed');
  setLiveness(fleet, other, 'departed', 1);
  t.same(names(fleet)[1], ['x', 1]);
  verifier.record = at([]);
  regroup(fleet, policy, verifier);
  t.same(names(fleet), [[ISSUER, 1]], 'nobody is left there');
  t.match(verifier, { liveness: 'reporting', livenessSinceMs: 0 });
  t.same(seenIn(fleet.groups.get(ISSUER)?.get('orders')), { members: ['a'] });
  t.equal(fleet.groups.get(ISSUER)?.get('orders')?.liveCaches.get('a'), 1, 'counted once');
  setLiveness(fleet, verifier, 'departed', 1);
  t.same(names(fleet), [[ISSUER, 1]]);
  enrol(fleet, policy, at(['y']), 'departed', 0);
  t.same(names(fleet), [[ISSUER, 1]], 'who is gone opens no group');
  t.end();
});

t.test('sources and kinds are followed when a process begins anew', (t) => {
  const fleet = fleetOf(1, 0);
  const verifier = first(fleet);
  const [group] = groupsOfIssuer(fleet, ISSUER);
  verifier.record = { ...verifier.record, source: 'proxy', cacheKind: 'secret' };
  regroup(fleet, policy, verifier);
  t.same(seenIn(group), { members: ['i0'], uncounted: ['i0'] });
  t.same([...(group?.liveByKind.public ?? [])], []);
  t.same([...(group?.liveByKind.secret ?? [])], [['i0', 1]]);
  verifier.record = { ...verifier.record, source: 'in_process', cacheKind: 'public' };
  regroup(fleet, policy, verifier);
  t.same(seenIn(group), { members: ['i0'] });
  t.same([...(group?.liveByKind.secret ?? [])], []);
  t.end();
});

t.test('when others have taken the place of a silent one', (t) => {
  const rows: [string, number | null, readonly string[], boolean][] = [
    ['fewer than declared', 2, ['b'], false],
    ['as many', 2, ['b', 'c'], true],
    ['more', 2, ['b', 'c', 'd'], true],
    ['as many with another cache of its own', 2, ['a', 'b', 'c'], false],
    ['none declared', null, ['b', 'c'], false],
    ['a declared none', 0, ['b', 'c'], false],
  ];
  for (const [name, instances, live, expected] of rows) {
    const declared = policyOf([serviceOf('orders', { instances })]);
    const fleet = emptyFleet(declared, 0);
    const silent = enrol(fleet, declared, record('a'), 'silent', 0);
    for (const instance of live) {
      const id = { service: 'orders', instance, cache: 'other' };
      enrol(fleet, declared, { ...record(instance), id }, 'reporting', 0);
    }
    const [group] = groupsOfIssuer(fleet, ISSUER);
    t.equal(group !== undefined && isReplaced(group, silent), expected, name);
  }
  t.end();
});

t.test('what is reckoned of a service that nobody declared', (t) => {
  const profiles = new Map([['good', profileOf({ id: 'good' })]]);
  const declared = policyOf([serviceOf('orders')], { profiles });
  const stranger = {
    ...record('a'),
    id: { service: 'stranger', instance: 'a', cache: 'jwks' },
    profile: 'good',
  };
  t.equal(servicePolicyOf(declared, record('a')), declared.services.get('orders'));
  t.same(servicePolicyOf(declared, stranger), {
    name: 'stranger',
    declared: false,
    kind: 'instrumented',
    issuers: [],
    instances: null,
    instancesMax: null,
    required: true,
    profile: profileOf({ id: 'good' }),
    evidence: 'served',
    population: null,
    shippingIntervalMs: null,
    keys: 'any',
  });
  const odd = { ...stranger, profile: 'made up', source: 'proxy' } as const;
  t.match(servicePolicyOf(declared, odd), {
    kind: 'proxied',
    profile: declared.unknownProfile,
  });
  t.equal(servicePolicyOf(declared, { ...odd, source: 'pushed' }).kind, 'pushed');
  const fleet = emptyFleet(declared, 0);
  const named = { ...stranger, issuers: [ISSUER] };
  enrol(fleet, declared, named, 'reporting', 0);
  t.same([...(fleet.groups.get(ISSUER)?.keys() ?? [])], ['orders', 'stranger good']);
  t.end();
});
