import type { RequestListener } from 'node:http';
import { manualClock } from '@keyturn/shared/manual-clock.ts';
import t, { type Test } from 'tap';
import type { Sighting } from '../../src/core/sighting.ts';
import { watchIssuer, type WatchOptions } from '../../src/issuer/watch-issuer.ts';
import type { WatchedIssuer } from '../../src/issuer/watched-issuer.ts';
import { closedAddress, KEYS, origin } from './origin.ts';

const good: RequestListener = (_request, response) => {
  response.end(JSON.stringify({ keys: KEYS }));
};

function watched(vantages: readonly string[]): WatchedIssuer {
  return {
    issuer: 'https://issuer.example',
    sources: vantages.map((vantage) => ({ vantage, kind: 'jwks' })),
    intervalMs: 10_000,
    ca: null,
    allowHttp: false,
  };
}

/** A watch whose sightings are taken one by one. */
function watching(t: Test, vantages: readonly string[], over: Partial<WatchOptions> = {}) {
  const sightings: Sighting[] = [];
  const waiting: (() => void)[] = [];
  const clock = manualClock();
  const watch = watchIssuer(watched(vantages), {
    clock,
    random: () => 0.5,
    onSighting: async (sighting) => {
      sightings.push(sighting);
      for (const wake of waiting.splice(0)) wake();
    },
    ...over,
  });
  t.teardown(() => watch.close());
  return {
    watch,
    clock,
    sightings,
    until: async (count: number): Promise<void> => {
      while (sightings.length < count) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      // The wait for the next fetch starts after the sighting was taken.
      await new Promise(setImmediate);
    },
  };
}

t.test('every vantage at once, then on the interval', async (t) => {
  const places = [await origin(t, good), await origin(t, good), await closedAddress()];
  const { clock, sightings, until } = watching(t, places);
  await until(3);
  t.strictSame(new Set(sightings.map((s) => s.vantage)), new Set(places));
  for (const { issuer, vantage, result } of sightings) {
    t.equal(issuer, 'https://issuer.example');
    t.equal(result.ok, vantage !== places[2]);
  }
  clock.advance(9_999);
  await new Promise(setImmediate);
  t.equal(sightings.length, 3);
  clock.advance(1);
  await until(6);
  t.strictSame(new Set(sightings.slice(3).map((s) => s.vantage)), new Set(places));
});

t.test('one vantage that hangs holds up no other', async (t) => {
  const place = await origin(t, good);
  const hanging = await origin(t, () => undefined);
  const { clock, sightings, until } = watching(t, [hanging, place], { timeoutMs: 60_000 });
  for (let round = 1; round <= 3; round += 1) {
    await until(round);
    clock.advance(10_000);
  }
  t.ok(sightings.every((s) => s.vantage === place));
});

t.test('faster while asked, then as configured', async (t) => {
  const { watch, clock, until, sightings } = watching(t, [await origin(t, good)]);
  await until(1);
  watch.setIntervalMs(1_000);
  clock.advance(1_000);
  await until(2);
  clock.advance(1_000);
  await until(3);
  watch.setIntervalMs(null);
  clock.advance(9_999);
  await new Promise(setImmediate);
  t.equal(sightings.length, 3);
  clock.advance(1);
  await until(4);
});

t.test('the wait differs by a tenth at most', async (t) => {
  for (const [random, dueMs] of [
    [0, 9_000],
    [0.999_999, 11_000],
  ] as const) {
    const { clock, until, sightings } = watching(t, [await origin(t, good)], {
      random: () => random,
    });
    await until(1);
    clock.advance(dueMs - 1);
    await new Promise(setImmediate);
    t.equal(sightings.length, 1);
    clock.advance(1);
    await until(2);
  }
});

t.test('a taker that fails is told of, and the watch goes on', async (t) => {
  const failures: unknown[] = [];
  let told = () => {};
  const clock = manualClock();
  const watch = watchIssuer(watched([await origin(t, good)]), {
    clock,
    random: () => 0.5,
    onSighting: () => Promise.reject(new Error('disk full')),
    onUndelivered: (thrown) => {
      failures.push(thrown);
      told();
    },
  });
  for (let round = 1; round <= 2; round += 1) {
    if (failures.length < round) await new Promise<void>((resolve) => (told = resolve));
    await new Promise(setImmediate);
    clock.advance(10_000);
  }
  t.match(failures, [{ message: 'disk full' }, { message: 'disk full' }]);
  await watch.close();
});

t.test('closed in mid-fetch: at once, and nothing is told afterwards', async (t) => {
  let asked = () => {};
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const place = await origin(t, () => asked());
  const { watch, clock, sightings } = watching(t, [place], { timeoutMs: 60_000 });
  await arrived;
  const started = performance.now();
  await watch.close();
  t.ok(performance.now() - started < 1_000);
  clock.advance(60_000);
  await new Promise(setImmediate);
  t.strictSame(sightings, []);
  await watch.close();
});

t.test('close waits for the taker', async (t) => {
  let release = () => {};
  let taken = () => {};
  const took = new Promise<void>((resolve) => {
    taken = resolve;
  });
  const { watch } = watching(t, [await origin(t, good)], {
    onSighting: () =>
      new Promise((resolve) => {
        release = resolve;
        taken();
      }),
  });
  await took;
  let closed = false;
  const closing = watch.close().then(() => {
    closed = true;
    return closed;
  });
  await new Promise(setImmediate);
  t.equal(closed, false);
  release();
  await closing;
});
