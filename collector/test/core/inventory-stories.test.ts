import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import type { ServicePolicy } from '../../src/core/policy.ts';
import { NEW, OLD, policyOf, profileOf, serviceOf } from '../support/policies.ts';
import type { TestVerifier } from '../support/world.ts';
import { blockers, checkOf, World } from '../support/world.ts';

// Fleets that change while a rotation is open. Longer than a lease and the second it is rounded to:
const LEASE_MS = 50_000;
const DAY_MS = 86_400_000;

const BOTH = { keys: [OLD, NEW] };
/** As an image has it: keys without the time they were fetched at. */
const BAKED = { keys: [OLD], dataAgeMs: null };

interface Story {
  readonly world: World;
  readonly id: string;
  readonly fleet: TestVerifier[];
  readonly activate: () => Verdict;
}

/** Service `web` with these instances, which all hold the new key: `activate` is open. */
function published(instances: readonly string[], part: Partial<ServicePolicy> = {}): Story {
  const world = new World(policyOf([serviceOf('web', part)]));
  const fleet = instances.map((name) => world.join('web', name));
  for (const verifier of fleet) verifier.report({ keys: [OLD] });
  world.pass(60_000);
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  for (const verifier of fleet) verifier.report(BOTH);
  return { world, id, fleet, activate: () => world.gate(id, 'activate') };
}

function openStory(t: import('tap').Test, names: readonly string[], part: Partial<ServicePolicy>) {
  const story = published(names, part);
  t.equal(story.activate().status, 'open', 'everybody holds the new key');
  return story;
}

t.test('a rolling deploy that says goodbye: closed only while somebody is missing', (t) => {
  const { world, fleet, activate } = openStory(t, ['a', 'b', 'c'], { instances: 3 });
  for (const [at, old] of fleet.entries()) {
    const next = world.join('web', `next-${at}`);
    t.same(blockers(activate()), ['fleet_heard:unknown'], 'it said hello and no more');
    next.report(BOTH);
    t.equal(activate().status, 'open');
    old.goodbye();
    t.equal(activate().status, 'open', 'three others report');
  }
  world.pass(DAY_MS / 24);
  t.equal(activate().status, 'open');
  t.end();
});

t.test(
  'a rolling deploy by kill -9: the old ones are missed until others are in their place',
  (t) => {
    const { world, fleet, activate } = openStory(t, ['a', 'b'], { instances: 2 });
    for (const [at, old] of fleet.entries()) {
      old.crash();
      world.pass(LEASE_MS);
      t.same(blockers(activate()), ['fleet_heard:unknown'], 'one is silent');
      t.match(checkOf(activate(), 'fleet_heard').offenders, [{ state: 'silent' }]);
      world.join('web', `next-${at}`).report(BOTH);
      t.equal(activate().status, 'open', 'as many as declared report, and it is not among them');
    }
    world.pass(DAY_MS + 1_200_000);
    t.equal(activate().status, 'open');
    t.equal(world.state.fleet.verifiers.size, 2, 'who was replaced is forgotten after a day');
    t.end();
  },
);

t.test('the same names again: a new process counts when it has reported', (t) => {
  const { world, activate, fleet } = openStory(t, ['web-0', 'web-1'], { instances: 2 });
  fleet[1]?.crash();
  const again = world.join('web', 'web-1');
  t.same(blockers(activate()), ['fleet_heard:unknown']);
  again.report(BAKED);
  t.same(blockers(activate()), ['new_key_known:fail'], 'its image has the old keys');
  again.report(BOTH);
  t.equal(activate().status, 'open');
  t.end();
});

t.test('scale-down without goodbye: those that stay are as many as declared', (t) => {
  const { world, activate } = openStory(t, ['a', 'b', 'c', 'd', 'e'], { instances: 3 });
  world.pass(LEASE_MS, { silent: ['web/d', 'web/e'] });
  t.equal(activate().status, 'open');
  world.pass(LEASE_MS, { silent: ['web/c', 'web/d', 'web/e'] });
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'now one fewer than declared');
  t.match(
    checkOf(activate(), 'fleet_heard'),
    { offenderCount: 3 },
    'nobody stands for any of them',
  );
  world.pass(DAY_MS, { silent: ['web/c', 'web/d', 'web/e'] });
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'and no time changes that');
  t.end();
});

t.test('scale-up with an old image while activate is open', (t) => {
  const { world, activate } = openStory(t, ['a', 'b'], { instances: 2 });
  const late = world.join('web', 'late');
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'nothing is known of it');
  late.report(BAKED);
  t.same(blockers(activate()), ['new_key_known:fail'], 'its image has the old keys');
  t.match(checkOf(activate(), 'new_key_known').offenders, [{ instance: 'late', state: 'stale' }]);
  world.pass(LEASE_MS);
  t.equal(activate().status, 'closed', 'as long as it has no other');
  late.report({ keys: [OLD], dataAgeMs: 0 });
  t.match(checkOf(activate(), 'new_key_known').offenders, [{ state: 'absent' }], 'a stale edge');
  late.report(BOTH);
  t.equal(activate().status, 'open');
  t.end();
});

t.test('scale-up with an old image before the old key leaves: retire closes again', (t) => {
  const { world, id, fleet } = openStory(t, ['a'], { instances: 1 });
  world.declare(id, 'activate');
  const iatS = world.atMs / 1_000;
  const counts = [{ kid: 'new', outcomes: { ok: 1 }, iatS, lifetimeS: 300 }] as const;
  fleet[0]?.report({ ...BOTH, counts });
  world.pass(900_000);
  t.equal(world.gate(id, 'retire').status, 'open');
  const late = world.join('web', 'late');
  late.report(BAKED);
  t.same(blockers(world.gate(id, 'retire')), ['new_key_known:fail']);
  late.report(BOTH);
  t.equal(world.gate(id, 'retire').status, 'open');
  t.end();
});

t.test('an old image where fetching on demand is enough: not before its first fetch', (t) => {
  const lazy = profileOf({ refetchesOnUnknownKid: true, cooldownS: 30 });
  const { world, activate } = openStory(t, ['a'], { evidence: 'fetchable', profile: lazy });
  const late = world.join('web', 'late');
  late.report(BAKED);
  t.same(blockers(activate()), ['new_key_known:fail'], 'its endpoint has never answered');
  late.report({ keys: [OLD], dataAgeMs: DAY_MS });
  t.equal(activate().status, 'open');
  t.end();
});

t.test('the whole fleet crashes: never ready, however long it is gone', (t) => {
  for (const part of [
    { instances: 3 },
    { instances: null },
    { instances: 0 },
    { instances: 0, instancesMax: 20 },
    { instances: 1, instancesMax: 20 },
  ]) {
    const { world, activate, fleet } = openStory(t, ['a', 'b', 'c'], part);
    for (const verifier of fleet) verifier.crash();
    world.pass(LEASE_MS);
    t.same(blockers(activate()), ['fleet_heard:unknown'], JSON.stringify(part));
    world.pass(DAY_MS + DAY_MS / 24);
    t.same(blockers(activate()), ['fleet_heard:unknown'], `${JSON.stringify(part)}, a day later`);
    t.match(checkOf(activate(), 'fleet_heard'), {
      offenderCount: 3,
      help: /^keyturn remove web [abc] --reason/,
    });
  }
  t.end();
});

t.test('all but the declared number crash, then one more', (t) => {
  const { world, activate } = openStory(t, ['a', 'b', 'c', 'd'], { instances: 2 });
  world.pass(LEASE_MS, { silent: ['web/c', 'web/d'] });
  t.equal(activate().status, 'open', 'the declared number stands for those that are gone');
  world.pass(LEASE_MS, { silent: ['web/b', 'web/c', 'web/d'] });
  t.same(blockers(activate()), ['fleet_heard:unknown']);
  t.equal(checkOf(activate(), 'fleet_heard').offenderCount, 3);
  t.end();
});

t.test('one that was replaced comes back with the keys it had', (t) => {
  const { world, activate, fleet } = openStory(t, ['a', 'b', 'c'], { instances: 2 });
  const c = fleet[2];
  world.pass(LEASE_MS, { silent: ['web/c'] });
  t.equal(activate().status, 'open');
  c?.report({ keys: [OLD], dataAgeMs: DAY_MS });
  t.same(blockers(activate()), ['new_key_known:fail']);
  t.end();
});

t.test('a silent cache of an instance that lives is not replaced by other instances', (t) => {
  const { world, activate } = openStory(t, ['a', 'b', 'c'], { instances: 2 });
  world.join('web', 'a', { cache: 'second' }).report(BOTH);
  t.equal(activate().status, 'open');
  world.pass(LEASE_MS, { silent: ['web/a/second'] });
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'its process is alive and may use it');
  t.match(checkOf(activate(), 'fleet_heard').offenders, [{ instance: 'a', cache: 'second' }]);
  world.pass(LEASE_MS, { silent: ['web/a', 'web/a/second'] });
  t.equal(activate().status, 'open', 'the instance is gone, and two others report');
  t.end();
});

t.test('an autoscaled service: a range of instances', (t) => {
  const range = { instances: 2, instancesMax: 4 };
  const { world, activate } = openStory(t, ['a', 'b', 'c'], range);
  world.pass(LEASE_MS, { silent: ['web/c'] });
  t.equal(activate().status, 'open', 'two others report');
  world.pass(LEASE_MS, { silent: ['web/b', 'web/c'] });
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'fewer than the fewest');
  for (const name of ['d', 'e', 'f', 'g']) world.join('web', name).report(BOTH);
  t.equal(activate().status, 'open', 'others have come in their place');
  t.match(
    checkOf(activate(), 'fleet_heard').message,
    /; web shows 5 instances where at most 4 are declared$/,
    'and the inventory is not true',
  );
  world.join('web', 'h').report({ keys: [OLD] });
  t.same(
    blockers(activate()),
    ['new_key_known:fail'],
    'whoever is too many is judged all the same',
  );
  t.end();
});

t.test('a range that never came up', (t) => {
  const { activate } = published(['a'], { instances: 2, instancesMax: 20 });
  t.same(blockers(activate()), ['fleet_heard:unknown']);
  t.match(checkOf(activate(), 'fleet_heard').offenders, [
    { state: 'never_seen', detail: '1 of at least 2 declared instances report' },
  ]);
  t.end();
});

t.test('a range is no full evidence: the rest of it may be unseen', (t) => {
  const part = { evidence: 'timed', kind: 'managed', instances: 1 } as const;
  t.equal(published(['a'], { ...part }).activate().status, 'open', 'the one there is reports');
  t.same(blockers(published(['a'], { ...part, instancesMax: 9 }).activate()), [
    'time_elapsed:fail',
  ]);
  t.end();
});

t.test('a service declared without instances: nobody is missed, whoever comes is judged', (t) => {
  const { world, activate } = openStory(t, [], { instances: 0 });
  const stray = world.join('web', 'stray');
  t.same(blockers(activate()), ['fleet_heard:unknown']);
  stray.report({ keys: [OLD] });
  t.same(blockers(activate()), ['new_key_known:fail']);
  stray.report(BOTH);
  t.equal(activate().status, 'open');
  world.pass(LEASE_MS, { silent: ['web/stray'] });
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'nobody can stand in its place');
  t.end();
});

t.test('a service that is declared and has never been seen', (t) => {
  for (const instances of [null, 1, 5]) {
    const { world, activate } = published([], { instances });
    world.pass(DAY_MS / 24);
    t.same(blockers(activate()), ['fleet_heard:unknown']);
    t.match(checkOf(activate(), 'fleet_heard'), {
      offenderCount: instances ?? 1,
      offenders: [{ service: 'web', instance: '', state: 'never_seen' }],
    });
  }
  t.end();
});

t.test(
  'a service nobody declared reports: it blocks, and only a goodbye or a person ends that',
  (t) => {
    const { world, activate } = openStory(t, ['a'], { instances: 1 });
    const stranger = world.join('stranger', 'x');
    stranger.report({ keys: [OLD] });
    t.same(blockers(activate()), ['new_key_known:fail']);
    stranger.report(BOTH);
    t.equal(activate().status, 'open');
    world.join('stranger', 'y').report(BOTH);
    world.pass(LEASE_MS, { silent: ['stranger/x'] });
    t.same(
      blockers(activate()),
      ['fleet_heard:unknown'],
      'y does not stand for x: nobody said how many',
    );
    const removed = world.act({
      type: 'remove_verifier',
      by: 'ana',
      service: 'stranger',
      instance: 'x',
      cache: null,
      reason: 'scaled down',
    });
    t.match(removed, { ok: true, removed: 1 });
    t.equal(activate().status, 'open');
    t.end();
  },
);

t.test('two processes under one name: one is heard, so the other may lack the key', (t) => {
  const { world, activate, fleet } = openStory(t, ['a', 'b'], { instances: 2 });
  const twin = world.join('web', 'b');
  twin.report({ keys: [OLD] });
  t.equal(activate().status, 'closed');
  twin.report(BOTH);
  t.same(blockers(activate()), ['fleet_heard:unknown']);
  fleet[1]?.report(BOTH);
  world.pass(600_000);
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'the superseded one has shown itself');
  t.match(checkOf(activate(), 'fleet_heard').offenders, [{ instance: 'b', state: 'duplicate' }]);
  world.pass(400_000);
  t.equal(activate().status, 'open', 'a quarter of an hour without a sign of it');
  t.end();
});

t.test('the collector restarts while half of the fleet is being replaced', (t) => {
  const { world, activate, fleet } = openStory(t, ['a', 'b'], { instances: 2 });
  fleet[1]?.crash();
  world.restart();
  world.verifiers.length = 0;
  world.join('web', 'a').report(BOTH);
  world.pass(60_000);
  t.same(blockers(activate()), ['fleet_heard:unknown'], 'b is remembered');
  world.join('web', 'c').report(BAKED);
  t.same(blockers(activate()), ['new_key_known:fail']);
  world.verifiers.at(-1)?.report(BOTH);
  t.equal(activate().status, 'open');
  t.end();
});
