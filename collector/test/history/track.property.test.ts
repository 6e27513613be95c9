import { deepStrictEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { type Grid, RESOLUTIONS } from '../../src/history/resolutions.ts';
import { addTokens, type TokenBucket, TOKENS } from '../../src/history/token-bucket.ts';
import { Tracks } from '../../src/history/tracks.ts';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import type { HistoryStore } from '../../src/store/history-store.ts';

const START_S = 1_800_000_000;
const ISSUER = 'https://issuer.example';

/** A whole day in buckets of one width. */
function day(tracks: Tracks, storedS: number, stepS = storedS): readonly (TokenBucket | null)[] {
  const grid: Grid = { storedS, stepS, startS: START_S, count: 86_400 / stepS };
  return tracks.read(TOKENS, ISSUER, grid);
}

function total(buckets: readonly (TokenBucket | null)[]): number {
  return buckets.reduce((sum, bucket) => sum + (bucket?.counts.get('kid a')?.ok ?? 0), 0);
}

function write(tracks: Tracks, store: HistoryStore): void {
  const { rows, written } = tracks.unwritten();
  store.write(rows, []);
  written();
}

/** What happens in time: a count in a watched second, a stretch nobody watches, or a restart. */
const happening = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      count: fc.integer({ min: 0, max: 1_000 }),
      ms: fc.integer({ min: 1, max: 40_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ gapMs: fc.integer({ min: 1, max: 900_000 }) }) },
  { weight: 1, arbitrary: fc.constant({ restart: true as const }) },
  { weight: 2, arbitrary: fc.constant({ write: true as const }) },
);

t.test('every width has the same sums, gaps stay gaps, and a restart loses nothing', async () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 60 }), (happenings) => {
      const store = openMemoryHistory();
      let tracks = new Tracks(store);
      let atMs = START_S * 1_000;
      let sum = 0;
      let watchedMs = 0;
      const seconds = new Set<number>();
      for (const what of happenings) {
        if ('ms' in what) {
          const track = tracks.of(TOKENS, ISSUER);
          track.watch(atMs, atMs + what.ms);
          for (let each = atMs; each < atMs + what.ms; each += 1_000)
            seconds.add(Math.floor(each / 10_000));
          seconds.add(Math.floor((atMs + what.ms - 1) / 10_000));
          atMs += what.ms;
          addTokens(track.at(atMs - 1), 'kid a', 'ok', what.count);
          sum += what.count;
          watchedMs += what.ms;
          tracks.settle(atMs - 22_500);
        } else if ('gapMs' in what) atMs += what.gapMs;
        else {
          if ('restart' in what) tracks.settle(Number.POSITIVE_INFINITY);
          write(tracks, store);
          if ('restart' in what) tracks = new Tracks(store);
        }
      }
      for (const { stepS } of RESOLUTIONS) {
        const buckets = day(tracks, stepS);
        deepStrictEqual(total(buckets), sum, `${stepS} s`);
        deepStrictEqual(
          buckets.reduce((ms, bucket) => ms + (bucket?.watchedMs ?? 0), 0),
          watchedMs,
        );
        ok(buckets.every((bucket) => (bucket?.watchedMs ?? 0) <= stepS * 1_000));
      }
      for (const [at, bucket] of day(tracks, 10).entries()) {
        deepStrictEqual(bucket !== null, seconds.has(START_S / 10 + at), `bucket ${at}`);
      }
      deepStrictEqual(total(day(tracks, 600, 3_600)), sum, 'wider than anything kept');
    }),
    { numRuns: 300 },
  );
});

t.test('what cannot be read is left out and counted', async (t) => {
  const store = openMemoryHistory();
  const tracks = new Tracks(store);
  const track = JSON.stringify(['tokens', ISSUER]);
  const good = { v: 1, w: 10_000, r: 1, n: 1, c: [['kid a', { ok: 5 }]] };
  const bodies = [
    '{',
    'null',
    JSON.stringify({ ...good, v: 2 }),
    JSON.stringify({ ...good, w: -1 }),
    JSON.stringify({ ...good, c: [['kid a', { ok: '5' }]] }),
    JSON.stringify({ ...good, c: [['kid a', { nonsense: 5 }]] }),
    JSON.stringify({ ...good, c: [['__proto__', { ok: 5 }]] }),
    JSON.stringify(good),
  ];
  store.write(
    bodies.map((body, at) => ({ track, stepS: 10, atS: START_S + at * 10, body })),
    [],
  );
  t.equal(total(day(tracks, 10)), 5);
  t.equal(tracks.damaged, bodies.length - 1);
});

t.test('while nothing can be written, what waits has a bound', async (t) => {
  const store = openMemoryHistory();
  const tracks = new Tracks(store);
  const endMs = START_S * 1_000 + 86_400_000;
  for (let atMs = START_S * 1_000; atMs < endMs; atMs += 10_000) {
    tracks.of(TOKENS, ISSUER).watch(atMs, atMs + 10_000);
    tracks.settle(atMs);
  }
  const { rows } = tracks.unwritten();
  t.ok(rows.length <= 720, `${rows.length} rows wait`);
  t.ok(tracks.dropped > 8_000, `${tracks.dropped} dropped`);
  write(tracks, store);
  t.equal(tracks.unwritten().rows.length, 0);
});
