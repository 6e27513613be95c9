import t from 'tap';
import { UNWATCHED_MAX_MS } from '../../src/core/watch.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
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
