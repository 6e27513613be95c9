import t from 'tap';
import type { IssuerPolicy } from '../../src/core/policy.ts';
import type { Write } from '../../src/core/writes.ts';
import {
  countedFacts,
  lookAway,
  noteRead,
  restoreWatch,
  UNWATCHED_MAX_MS,
} from '../../src/core/watch.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, serviceOf, VANTAGE } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';
import { secretRotating } from '../support/secret-rotating.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;
const ALLOWED_MS = 120_000;

/** One service judged by time alone, whose new key was published a moment ago. Its wait: 2 min. */
function timed(): { readonly world: World; readonly id: string } {
  const world = new World(
    policyOf([serviceOf('gateway', { kind: 'managed', evidence: 'timed', instances: null })], {
      issuers: new Map([[ISSUER, issuerOf({ failedFetchMs: ALLOWED_MS })]]),
    }),
  );
  world.pass(60_000);
  const id = world.start();
  world.served = [OLD, NEW];
  world.pass(30_000);
  return { world, id };
}

/** Whether the wait is over, and the moment it ends. */
function wait({ world, id }: ReturnType<typeof timed>): readonly [string, number | null] {
  const check = world.gate(id, 'activate').checks.find((each) => each.id === 'time_elapsed');
  return [check?.status ?? '', check?.clearsAtMs == null ? null : check.clearsAtMs - world.atMs];
}

const WAIT_MS = 60_000 + ALLOWED_MS + 60_000;

const CASES: readonly [string, (world: World) => void, string][] = [
  ['watched all the time', (world) => world.pass(WAIT_MS), 'pass'],
  ['a restart', (world) => (world.pass(60_000), world.restart(), world.pass(WAIT_MS)), 'pass'],
  [
    'down for as long as is allowed',
    (world) => (world.restart({ downMs: UNWATCHED_MAX_MS - 60_000 }), world.pass(90_000)),
    'pass',
  ],
  [
    'down for a day',
    (world) => (world.restart({ downMs: 24 * HOUR_MS }), world.pass(90_000)),
    'fail',
  ],
  [
    'down for a day, and down again before it could look',
    (world) => {
      world.restart({ downMs: 24 * HOUR_MS });
      world.pass(1_000, { unwatched: true });
      world.restart();
      world.pass(90_000);
    },
    'fail',
  ],
  [
    'down for a day, and a restart after the first look',
    (world) => {
      world.restart({ downMs: 24 * HOUR_MS });
      world.pass(30_000);
      world.restart();
      world.pass(90_000);
    },
    'fail',
  ],
  [
    'down for a day, and watched for the whole wait since',
    (world) => (world.restart({ downMs: 24 * HOUR_MS }), world.pass(WAIT_MS + 30_000)),
    'pass',
  ],
  [
    'the collector stood still for an hour',
    (world) => {
      world.atMs += HOUR_MS;
      world.take({ type: 'paused' });
      world.pass(90_000);
    },
    'fail',
  ],
  [
    'unreadable for no longer than settings allow for',
    (world) => {
      for (const _ of Array.from({ length: 8 })) {
        world.atMs += 15_000;
        world.sightFailure();
      }
      world.pass(WAIT_MS - 90_000);
    },
    'pass',
  ],
  [
    'unreadable for longer',
    (world) => {
      for (const _ of Array.from({ length: 40 })) {
        world.atMs += 15_000;
        world.sightFailure();
      }
      world.pass(90_000);
    },
    'fail',
  ],
];

for (const [name, given, status] of CASES) {
  t.test(`a wait for time: ${name}`, (t) => {
    const rotating = timed();
    given(rotating.world);
    const [found, leftMs] = wait(rotating);
    t.equal(found, status);
    if (status === 'fail') t.ok(leftMs !== null && leftMs > WAIT_MS - 120_000, `${leftMs} ms left`);
    t.end();
  });
}

t.test('the wait of purge begins anew as well', (t) => {
  const { world, id } = timed();
  world.pass(WAIT_MS);
  world.served = [NEW];
  world.pass(30_000);
  const drop = () =>
    world.gate(id, 'purge').checks.find((check) => check.id === 'drop_time_elapsed');
  t.equal(drop()?.status, 'fail');
  world.restart({ downMs: 24 * HOUR_MS });
  world.pass(50_000);
  t.equal(drop()?.status, 'fail', 'who knows what was served meanwhile');
  world.pass(120_000);
  t.equal(drop()?.status, 'pass');
  t.end();
});

t.test('keys of an older database, of which no look is on record', (t) => {
  const { world, id } = timed();
  world.pass(WAIT_MS);
  t.equal(wait({ world, id })[0], 'pass');
  const { cacheLifeMs } = world.store.load().issuers[0] ?? { cacheLifeMs: 0 };
  world.store.commit([
    {
      kind: 'issuer',
      record: { issuer: ISSUER, cacheLifeMs, readAtMs: null, watchedSinceMs: null },
    },
  ]);
  world.restart();
  world.pass(90_000);
  t.equal(wait({ world, id })[0], 'fail');
  t.end();
});

const REPLICA = 'https://replica.test/jwks';

/** An issuer of two addresses, neither of which was read. Moments are counted from its start. */
function twoAddresses(part: Partial<IssuerPolicy> = {}) {
  const policy = issuerOf({ vantages: [VANTAGE, REPLICA], ...part });
  const world = new World(policyOf([], { issuers: new Map([[ISSUER, policy]]) }));
  const issuer = world.state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  const startMs = world.atMs;
  /** Reads one of them, and gives `read at, watched since` as far as they are written down. */
  const read = (url: string, atMs: number) => {
    const vantage = issuer.vantages.get(url);
    if (vantage === undefined) throw new Error('no address');
    const writes: Write[] = [];
    const at = startMs + atMs;
    noteRead(issuer, vantage, policy, { atMs: at, earliestMs: at }, writes);
    return writes.map((write) => {
      if (write.kind !== 'issuer') throw new Error('another write');
      const { readAtMs, watchedSinceMs } = write.record;
      return [readAtMs, watchedSinceMs].map((ms) => (ms === null ? null : ms - startMs));
    });
  };
  return { issuer, policy, read, startMs };
}

t.test('a read is written down once every address was read, and then each minute', (t) => {
  const { issuer, read, startMs } = twoAddresses();
  t.same(read(VANTAGE, 0), [], 'the other has not been');
  t.same(read(REPLICA, 10_000), [[0, null]], 'the earlier of both');
  t.same(read(VANTAGE, 20_000), []);
  t.same(read(REPLICA, 69_999), []);
  t.same(read(VANTAGE, 69_998), [[69_998, null]], 'a minute after the last that is on record');
  t.same(read(REPLICA, 129_997), []);
  t.same(read(VANTAGE, 129_998), [], 'a millisecond too early');
  t.same(read(REPLICA, 129_999), [[129_998, null]]);
  t.equal(issuer.readNotedMs, startMs + 129_998);
  t.end();
});

t.test('how long an address may go unread', (t) => {
  const gaps: readonly [string, Partial<IssuerPolicy>, boolean, number][] = [
    ['a restart', {}, false, UNWATCHED_MAX_MS],
    ['one that is looked at seldom', { watchIntervalMs: 300_000 }, false, 1_200_000],
    ['one that fails', { failedFetchMs: 50_000, watchIntervalMs: 20_000 }, true, 90_000],
  ];
  for (const [name, part, fails, allowedMs] of gaps) {
    const { issuer, read, startMs } = twoAddresses(part);
    const vantage = issuer.vantages.get(VANTAGE);
    if (vantage === undefined) throw new Error('no address');
    read(VANTAGE, 0);
    if (fails) vantage.failingSinceMs = startMs;
    t.same(read(VANTAGE, allowedMs), [], name);
    t.equal(issuer.watchedSinceMs, null, name);
    const beganAnew = [[null, 2 * allowedMs + 1]];
    t.same(read(VANTAGE, 2 * allowedMs + 1), beganAnew, `${name}: written at once`);
    t.equal(issuer.watchedSinceMs, startMs + 2 * allowedMs + 1, name);
  }
  t.end();
});

t.test('what is known of the watch before a pause and a restart', (t) => {
  const { issuer, read, startMs } = twoAddresses();
  read(VANTAGE, 0);
  issuer.readBeforeMs = 7;
  lookAway(issuer);
  t.equal(issuer.readBeforeMs, 7, 'not every address was read since');
  read(REPLICA, 10_000);
  lookAway(issuer);
  t.equal(issuer.readBeforeMs, startMs, 'the address that was read first');
  restoreWatch(issuer, { issuer: ISSUER, cacheLifeMs: 0, readAtMs: 5, watchedSinceMs: 3 });
  t.match(issuer, { watchedSinceMs: 3, readNotedMs: 5, readBeforeMs: 5 });
  restoreWatch(issuer, undefined);
  t.match(issuer, { watchedSinceMs: null, readNotedMs: null, readBeforeMs: null });
  t.end();
});

t.test('facts count from the end of a time nobody looked', (t) => {
  const { world, id } = rotating();
  const rotation = world.state.rotations.get(id);
  const issuer = world.state.issuers.get(ISSUER);
  if (rotation === undefined || issuer === undefined) throw new Error('no rotation');
  const { publishedAtMs } = countedFacts(world.state, rotation);
  t.ok(publishedAtMs !== null && publishedAtMs > 1);
  issuer.watchedSinceMs = 1;
  t.match(countedFacts(world.state, rotation), { publishedAtMs, withdrawnAtMs: null });
  issuer.watchedSinceMs = world.atMs;
  t.match(countedFacts(world.state, rotation), { publishedAtMs: world.atMs, withdrawnAtMs: null });
  world.state.issuers.delete(ISSUER);
  t.match(countedFacts(world.state, rotation), { publishedAtMs: null, withdrawnAtMs: null });
  t.end();
});

t.test('nobody looks for secrets: their facts count as they are', (t) => {
  const { world, id } = secretRotating({ until: 'switched' });
  const dropped = world.declare(id, 'retire', 'the table says so');
  t.ok(dropped.ok);
  const rotation = world.state.rotations.get(id);
  const issuer = world.state.issuers.get(ISSUER);
  if (rotation === undefined || issuer === undefined) throw new Error('no rotation');
  const facts = countedFacts(world.state, rotation);
  issuer.watchedSinceMs = world.atMs + 1;
  t.same(countedFacts(world.state, rotation), facts);
  t.ok(facts.withdrawnAtMs !== null || facts.publishedAtMs !== null);
  t.end();
});
