import fc from 'fast-check';
import t from 'tap';
import {
  allowedLifeMs,
  cacheLifeMs,
  MARKS_MAX,
  noteCacheLife,
  reckonedPolicy,
  restoreCacheLife,
} from '../../src/core/cache-life.ts';
import type { Readable } from '../support/messages.ts';
import { emptyIssuer } from '../../src/core/issuers.ts';
import type { Write } from '../../src/core/writes.ts';
import { issuerOf, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';
import { checkOf, World } from '../support/world.ts';

const UNWATCHED = { readAtMs: null, watchedSinceMs: null };

const HOUR_S = 3_600;
const TIMED = serviceOf('phones', { instances: null, evidence: 'timed' });

function timedReadyMs(world: World, id: string) {
  return checkOf(world.gate(id, 'activate'), 'time_elapsed');
}

t.test('time rules wait for what the issuer lets caches keep, and say why', async (t) => {
  const plain = rotating({ services: [TIMED], until: 'published' });
  const plainMs = timedReadyMs(plain.world, plain.id).clearsAtMs ?? 0;
  const { world, id } = rotating({ services: [TIMED], until: 'started' });
  world.answered = { maxAgeS: HOUR_S, staleS: 600 };
  world.served = [OLD, NEW];
  world.pass(30_000);
  const check = timedReadyMs(world, id);
  t.equal(check.clearsAtMs, plainMs + (HOUR_S + 600) * 1_000);
  t.match(
    check.message,
    /lets caches keep its JWKS for 4200 s, more than the 0 s of shared_caches/,
  );
});

t.test('a header that was lowered counts until its last copy is gone', async (t) => {
  const { world, id } = rotating({ services: [TIMED], until: 'started' });
  const bareMs = (published: number) => published + 60_000 + 60_000;
  world.answered = { maxAgeS: HOUR_S };
  world.sight();
  const loweredAtMs = world.atMs;
  world.answered = { maxAgeS: 60 };
  world.served = [OLD, NEW];
  world.pass(30_000);
  const publishedAtMs = checkOf(world.gate(id, 'activate'), 'new_key_published').sinceMs ?? 0;
  t.equal(timedReadyMs(world, id).clearsAtMs, bareMs(publishedAtMs) + HOUR_S * 1_000);
  world.pass(loweredAtMs + HOUR_S * 1_000 - world.atMs);
  t.equal(timedReadyMs(world, id).status, 'fail', 'who took the last copy keeps it for a while');
  world.pass(2 * 60_000 - 1);
  t.equal(timedReadyMs(world, id).status, 'fail', 'and the margin is not over');
  world.pass(1);
  t.equal(timedReadyMs(world, id).status, 'pass', 'the last one ended');
});

t.test('a restart forgets no copy: they count as made until then', async (t) => {
  const { world, id } = rotating({ services: [TIMED], until: 'published' });
  world.sight(world.served, undefined, { maxAgeS: HOUR_S });
  world.restart();
  const restartedAtMs = world.atMs;
  world.sight();
  world.sight();
  const readyAtMs = timedReadyMs(world, id).clearsAtMs ?? 0;
  t.ok(readyAtMs > restartedAtMs + HOUR_S * 1_000);
  world.pass(readyAtMs - world.atMs - 1);
  t.equal(timedReadyMs(world, id).status, 'fail');
  world.pass(1);
  t.equal(timedReadyMs(world, id).status, 'pass');
  world.pass(restartedAtMs + HOUR_S * 1_000 + 2 * 60_000 - world.atMs);
  world.sight();
  t.equal(world.store.load().issuers[0]?.cacheLifeMs, 0, 'what is over is not kept');
});

t.test('a removed key may live on in caches for as long as they may keep it', async (t) => {
  const silent = serviceOf('edge', { instances: null, evidence: 'timed' });
  const { world, id } = rotating({ services: [silent], until: 'switched' });
  world.answered = { maxAgeS: HOUR_S };
  world.sight();
  world.answered = {};
  world.served = [NEW];
  world.pass(30_000);
  const check = checkOf(world.gate(id, 'purge'), 'drop_time_elapsed');
  t.match(check, { status: 'fail', message: /lets caches keep its JWKS for 3600 s/ });
  t.ok((check.clearsAtMs ?? 0) >= world.atMs + (HOUR_S - 60) * 1_000);
});

t.test('what is not a header is no life', async (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  world.sight(world.served, undefined, { maxAgeS: null, staleS: 0 });
  world.sightFailure();
  t.equal(cacheLifeMs(world.state.issuers.get('https://issuer.test'), world.atMs), 0);
  t.same(
    world.store.load().issuers.map((record) => record.cacheLifeMs),
    [0],
    'and none is written',
  );
  t.equal(cacheLifeMs(undefined, 0), 0);
});

t.test('never shorter than the longest copy that may live, whatever the headers did', async () => {
  const answers = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 500 }),
      lifeMs: fc.integer({ min: 0, max: 2_000 }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(answers, fc.integer({ min: 0, max: 3_000 }), (series, waitMs) => {
      const issuer = emptyIssuer(issuerOf());
      const writes: Write[] = [];
      const copies: number[][] = [];
      let nowMs = 1;
      for (const { afterMs, lifeMs } of series) {
        nowMs += afterMs;
        copies.push([nowMs, lifeMs]);
        noteCacheLife(issuer, lifeMs, { atMs: nowMs, earliestMs: nowMs }, writes);
      }
      nowMs += waitMs;
      const live = copies.filter(([atMs = 0, lifeMs = 0]) => atMs + lifeMs > nowMs);
      const truthMs = Math.max(0, ...live.map(([, lifeMs = 0]) => lifeMs));
      const reckonedMs = cacheLifeMs(issuer, nowMs);
      const exact = new Set(copies.map(([, lifeMs]) => lifeMs)).size <= MARKS_MAX;
      return (
        reckonedMs >= truthMs &&
        (!exact || reckonedMs === truthMs) &&
        issuer.cacheLives.length <= MARKS_MAX
      );
    }),
    { numRuns: 500 },
  );
});

t.test('the marks: longest first, each served later than the one before', (t) => {
  const issuer = emptyIssuer(issuerOf());
  const writes: Write[] = [];
  const note = (lifeMs: number, atMs: number, earliestMs = atMs) => {
    writes.length = 0;
    noteCacheLife(issuer, lifeMs, { atMs, earliestMs }, writes);
    return [
      issuer.cacheLives.map((mark) => [mark.lifeMs, mark.servedUntilMs]),
      writes.map(({ record }) => record),
    ];
  };
  const written = (cacheLifeMs: number) => [{ ...UNWATCHED, issuer: issuer.issuer, cacheLifeMs }];
  t.same(note(0, 1), [[], []]);
  t.same(note(100, 10), [[[100, 10]], written(100)]);
  t.same(note(100, 20), [[[100, 20]], []], 'the same again: served later');
  t.same(note(40, 30), [
    [
      [100, 20],
      [40, 30],
    ],
    [],
  ]);
  t.same(
    note(60, 40),
    [
      [
        [100, 20],
        [60, 40],
      ],
      [],
    ],
    'a shorter one before is covered',
  );
  t.same(note(0, 119), [[[100, 20]], []], 'one millisecond of it is left');
  t.same(note(0, 120, 119), [[[100, 20]], []], 'by a clock that was set back as well');
  t.same(note(0, 120), [[], written(0)]);
  t.end();
});

t.test('beyond the bound the two shortest become the worse of both', (t) => {
  const issuer = emptyIssuer(issuerOf());
  const lives = () => issuer.cacheLives.map((mark) => [mark.lifeMs, mark.servedUntilMs]);
  for (let n = 0; n < MARKS_MAX; n += 1) {
    noteCacheLife(issuer, 10_000 - n, { atMs: n, earliestMs: n }, []);
  }
  t.equal(lives().length, MARKS_MAX);
  t.same(lives().at(-1), [10_000 - 15, 15], 'it just fits');
  noteCacheLife(issuer, 7, { atMs: 50, earliestMs: 50 }, []);
  t.equal(lives().length, MARKS_MAX);
  t.same(lives().slice(-2), [
    [10_000 - 14, 14],
    [10_000 - 15, 50],
  ]);
  t.end();
});

t.test('what a copy may live that is served now, or was', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const issuer = world.state.issuers.get('https://issuer.test');
  if (issuer === undefined) throw new Error('no issuer');
  const life = (ms: number) => cacheLifeMs(issuer, world.atMs + ms);
  t.equal(life(0), 0);
  world.sight([OLD], undefined, { maxAgeS: 60, staleS: 5 });
  t.equal(life(0), 65_000);
  t.equal(life(900_000), 65_000, 'whoever asks then may get it then');
  world.sight([OLD], undefined, { maxAgeS: 10 });
  t.equal(life(64_999), 65_000);
  t.equal(life(65_000), 10_000);
  world.sightFailure();
  t.equal(life(9_999), 65_000);
  t.equal(life(65_000), 0, 'nobody knows what is served now');
  t.equal(allowedLifeMs({ maxAgeS: null, staleS: 7 } as Readable), 7_000);
  t.end();
});

t.test('after a restart nothing is believed to be over', (t) => {
  const issuer = emptyIssuer(issuerOf());
  const now = { atMs: 50, earliestMs: 40 };
  restoreCacheLife(issuer, { ...UNWATCHED, issuer: issuer.issuer, cacheLifeMs: 0 }, now);
  t.same(issuer.cacheLives, []);
  restoreCacheLife(issuer, { ...UNWATCHED, issuer: issuer.issuer, cacheLifeMs: 9 }, now);
  t.same(issuer.cacheLives, [{ lifeMs: 9, servedUntilMs: 50 }]);
  t.end();
});

t.test('time rules reckon with the longer of both', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  world.sight([OLD], undefined, { maxAgeS: 60 });
  const reckoned = (sharedCachesMs: number) => {
    const declared = issuerOf({ sharedCachesMs });
    return reckonedPolicy(world.state, declared, world.atMs);
  };
  t.same(reckoned(59_999), issuerOf({ sharedCachesMs: 60_000 }));
  t.same(reckoned(60_001), issuerOf({ sharedCachesMs: 60_001 }));
  const declared = issuerOf({ sharedCachesMs: 60_000 });
  t.equal(reckonedPolicy(world.state, declared, world.atMs), declared);
  const nobody = issuerOf({ issuer: 'x' });
  t.equal(reckonedPolicy(world.state, nobody, world.atMs), nobody);
  t.end();
});
