import t from 'tap';
import { COUNT_ROWS_MAX } from '../../src/core/counts.ts';
import { KIDS_PER_BUCKET_MAX } from '../../src/history/token-bucket.ts';
import { keyOf, NEW, OLD } from '../support/policies.ts';
import { countsOf, Recording, sumOf } from './recording.ts';

function recording(instances = 1): Recording {
  const made = new Recording({ instances });
  made.world.sight([OLD, NEW]);
  made.world.sight([OLD, NEW]);
  return made;
}

t.test('what verifiers count shows when it happened, kid by kid', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.settleIn(a);
  a.count('old', { ok: 10 }).report();
  // A heartbeat every ten seconds, a failure when it happens.
  made.seconds(60, (second) => {
    if (second % 10 === 9) a.count('old', { ok: 100 }).report();
    if (second === 25) a.count('new', { unknown_kid: 3 }).report();
  });
  const drawn = made.tokens(60);
  t.equal(drawn.grid.stepS, 10);
  // The bucket that begins now has not been watched yet.
  t.strictSame(countsOf(drawn, 'kid old', 'ok'), [110, 100, 100, 100, 100, 100, null]);
  t.strictSame(countsOf(drawn, 'kid new', 'unknown_kid'), [0, 0, 3, 0, 0, 0, null]);
  t.strictSame(
    drawn.buckets.slice(0, 6).map((bucket) => [bucket?.reporting, bucket?.known]),
    Array.from({ length: 6 }, () => [1, 1]),
  );
  t.equal(made.history.late(), 0);
});

t.test('slow heartbeats make a line, and no teeth', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.settleIn(a);
  a.count('old', { ok: 1 }).report();
  made.seconds(90, (second) => {
    if (second % 15 === 14) a.count('old', { ok: 150 }).report();
  });
  t.strictSame(countsOf(made.tokens(90), 'kid old', 'ok').slice(1, -1), Array(8).fill(100));
});

t.test('a bucket that settled never changes, and says so', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.settleIn(a);
  const version = made.history.version();
  made.seconds(60, () => a.count('old', { ok: 7 }).report());
  const before = made.tokens(60);
  t.ok(made.history.version() > version);
  const settled = (before.settledS - before.grid.startS) / 10;
  t.ok(settled >= 2, `${settled}`);
  made.seconds(60, () => a.count('old', { ok: 7 }).report());
  const after = made.tokens(120);
  const counts = countsOf(after, 'kid old', 'ok');
  t.strictSame(counts.slice(0, settled), countsOf(before, 'kid old', 'ok').slice(0, settled));
  t.equal(sumOf(after, 'kid old', 'ok'), 120 * 7);
});

t.test('kids nobody knows have no name: foreign ones are one series', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.settleIn(a);
  for (let at = 0; at < COUNT_ROWS_MAX - 10; at += 1) a.count(`evil-${at}`, { unknown_kid: 1 });
  a.count(null, { ok: 4 }).count(undefined, { unclassified: 5 }).report();
  made.seconds(30);
  const drawn = made.tokens(30);
  t.equal(sumOf(drawn, 'foreign', 'unknown_kid'), COUNT_ROWS_MAX - 10);
  t.equal(sumOf(drawn, 'none', 'ok'), 4);
  t.equal(sumOf(drawn, 'other', 'unclassified'), 5);
  const labels = new Set(drawn.buckets.flatMap((bucket) => [...(bucket?.counts.keys() ?? [])]));
  t.strictSame(labels, new Set(['foreign', 'none', 'other']));
});

t.test('an issuer with hundreds of keys has some by name, and the rest together', async (t) => {
  const made = recording();
  const keys = Array.from({ length: 200 }, (_, at) => keyOf(`k${at}`));
  made.world.sight(keys);
  const a = made.join('a');
  made.settleIn(a);
  for (const { kid } of keys) a.count(kid, { ok: 1 });
  a.report();
  made.seconds(30);
  const bucket = made.tokens(30).buckets.find((each) => (each?.counts.size ?? 0) > 0);
  t.equal(bucket?.counts.size, KIDS_PER_BUCKET_MAX + 1);
  t.equal(bucket?.counts.get('other')?.ok, 200 - KIDS_PER_BUCKET_MAX);
});

t.test('what was counted before anybody looked is no rate', async (t) => {
  const made = recording();
  const weeks = made.join('long-running');
  weeks.count('old', { ok: 1_000_000 }).report();
  // A first look within the hold-down, then one who was never heard of, with weeks behind it.
  made.seconds(5);
  t.equal(sumOf(made.tokens(60), 'kid old', 'ok'), 0);
  t.equal(made.history.late(), 1_000_000);
  made.settleIn(weeks);
  weeks.count('old', { ok: 5 }).report();
  made.seconds(5);
  t.ok(sumOf(made.tokens(60), 'kid old', 'ok') <= 5);
  // Past the hold-down a first report is of a process that has just begun.
  made.join('fresh').count('old', { ok: 9 }).report();
  made.seconds(30);
  t.equal(sumOf(made.tokens(60), 'kid old', 'ok'), 14);
});

t.test('a process that counts from zero again takes nothing away', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.settleIn(a);
  a.count('old', { ok: 50 }).report();
  made.seconds(10);
  const { verifier } = made.join('a');
  verifier.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 8 } }] });
  made.seconds(30);
  t.equal(sumOf(made.tokens(60), 'kid old', 'ok'), 58);
  t.ok(countsOf(made.tokens(60), 'kid old', 'ok').every((count) => (count ?? 0) >= 0));
});

t.test('a machine that slept leaves a gap', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.settleIn(a);
  a.count('old', { ok: 1 }).report();
  made.seconds(20, () => a.count('old', { ok: 10 }).report());
  made.world.atMs += 40_000;
  a.count('old', { ok: 400 }).report();
  made.seconds(40, () => a.count('old', { ok: 10 }).report());
  const counts = countsOf(made.tokens(100), 'kid old', 'ok');
  t.strictSame(counts.slice(0, 2), [101, 100]);
  t.strictSame(counts.slice(2, 6), [null, null, null, null]);
  t.ok(
    counts.slice(6, 9).every((count) => count !== null && count >= 90 && count <= 110),
    counts.join(),
  );
  t.ok(made.history.late() >= 380, `${made.history.late()}`);
});

t.test('who cannot count is nobody to hear from', async (t) => {
  const made = recording(2);
  const proxied = made.world.join('orders', 'proxied', { source: 'proxy' });
  const a = made.join('a');
  made.settleIn(a);
  proxied.report();
  made.seconds(10, () => {
    proxied.report();
    a.report();
  });
  const both = made.tokens(10).buckets[0];
  t.strictSame([both?.known, both?.reporting], [2, 1]);
  a.verifier.goodbye();
  made.seconds(10);
  made.seconds(10, () => proxied.report());
  const one = made.tokens(10).buckets[0];
  t.strictSame([one?.known, one?.reporting], [1, 0]);
});
