import t from 'tap';
import {
  MINUTES_KEPT,
  MinuteCounts,
  VERIFIERS_COUNTED_MAX,
} from '../../src/history/minute-counts.ts';
import { keyOf, NEW, OLD } from '../support/policies.ts';
import { Recording } from './recording.ts';

function recording(): Recording {
  const made = new Recording();
  made.world.sight([OLD, NEW]);
  made.seconds(600);
  return made;
}

/** `what` with what it names, one line per event. */
function told(made: Recording, verifier = 'orders/a/jwks'): string[] {
  const stretch = { fromMs: 0, toMs: made.world.atMs, limit: 1_000 };
  return made.history.verifierEvents(verifier, stretch).map(({ event }) => {
    if (event.what !== 'keys') return event.what;
    const { added, removed, changed, more } = event;
    const named = [...added.map((kid) => `+${kid}`), ...removed.map((kid) => `-${kid}`)];
    return [
      event.what,
      ...named,
      ...changed.map((kid) => `~${kid}`),
      ...(more > 0 ? [`${more} more`] : []),
    ].join(' ');
  });
}

t.test('the life of a verifier', async (t) => {
  const made = recording();
  const a = made.world.join('orders', 'a');
  made.seconds(1);
  a.report({ keys: [OLD] });
  made.seconds(5);
  a.report({ keys: [OLD] });
  made.seconds(1);
  a.report({ keys: [OLD, NEW] });
  made.seconds(1);
  a.report({ keys: [NEW, OLD] });
  made.seconds(1);
  a.report({ keys: [NEW, OLD], failures: 1 });
  made.seconds(1);
  a.report({ keys: [NEW, OLD], failures: 2 });
  made.seconds(1);
  a.report({ keys: [NEW], failures: 0 });
  made.seconds(50);
  a.report({ keys: [keyOf('new', 'other material')] });
  made.seconds(1);
  a.crash();
  const again = made.world.join('orders', 'a');
  again.report({ keys: [NEW] });
  made.seconds(1);
  again.goodbye();
  made.seconds(1);
  t.strictSame(told(made), [
    'first_seen',
    'keys +old',
    'reporting',
    'keys +new',
    'fetch_failing',
    'keys -old',
    'fetch_ok',
    'silent',
    'keys ~new',
    'reporting',
    'restarted',
    'keys ~new',
    'departed',
  ]);
});

t.test('whoever was there before anybody looked was not first seen then', async (t) => {
  const made = recording();
  const a = made.world.join('orders', 'a');
  a.report({ keys: [OLD] });
  made.seconds(1);
  made.history.close();
  made.open();
  made.seconds(30);
  t.strictSame(told(made), ['first_seen', 'keys +old']);
});

t.test('a verifier that flaps, or names hundreds of keys, has a bound', async (t) => {
  const made = recording();
  const many = Array.from({ length: 300 }, (_, at) => keyOf(`evil-${at}`));
  const a = made.world.join('orders', 'a');
  made.seconds(300, (second) => a.report({ keys: second % 2 === 0 ? many : [OLD] }));
  const events = told(made);
  t.equal(events.length, 1 + 15);
  t.match(events[1], /^keys (\+evil-\d+ ){16}284 more$/);
  made.seconds(60);
  t.equal(told(made).at(-1), 'silent', 'which does not hide that it fell silent');
  made.seconds(600);
  a.report({ keys: [NEW] });
  made.seconds(1);
  t.match(told(made).slice(-2), [/^keys \+new/, 'reporting'], 'and it is heard again later');
});

t.test('the last hour, minute by minute', async (t) => {
  const made = recording();
  const a = made.join('a');
  made.seconds(60 - (made.nowS % 60));
  made.seconds(120, () =>
    a.count('old', { ok: 2, expired: 1 }).count('new', { unknown_kid: 1 }).report(),
  );
  const { at, ok, attributable, other } = made.history.verifierMinutes('orders/a/jwks');
  t.equal(at.at(-1), made.nowS);
  const last = -ok.length + ok.findIndex((count) => count > 0);
  // What is looked at just as a minute begins was told in it.
  t.strictSame(ok.slice(last), [118, 120, 2]);
  t.strictSame(
    [attributable.slice(last), other.slice(last)],
    [
      [59, 60, 1],
      [59, 60, 1],
    ],
  );
});

t.test('minutes: an hour is kept, what is older is gone, a gap is zero', async (t) => {
  const counts = new MinuteCounts();
  const minute = (n: number): number => n * 60_000;
  counts.add('a', 'ok', 5, minute(100));
  counts.add('a', 'ok', 7, minute(130));
  const ok = (nowMinute: number): Record<string, number> => {
    const { at, ok } = counts.read('a', 0, minute(nowMinute));
    return Object.fromEntries(
      at.map((atS, n) => [atS / 60, ok[n] ?? -1]).filter(([, n]) => n !== 0),
    );
  };
  t.strictSame(ok(130), { 100: 5, 130: 7 });
  t.strictSame(ok(159), { 100: 5, 130: 7 });
  t.strictSame(ok(160), { 130: 7 });
  counts.add('a', 'ok', 1, minute(100 + MINUTES_KEPT));
  t.strictSame(ok(160), { 130: 7, 160: 1 }, 'a minute takes over the place of an hour ago');
  t.strictSame(ok(400), {});
  t.strictSame(
    counts.read('a', minute(158), minute(160)).at,
    [158, 159, 160].map((m) => m * 60),
  );
});

t.test('minutes: verifiers beyond the bound are counted as not counted', async (t) => {
  const counts = new MinuteCounts();
  for (let at = 0; at < VERIFIERS_COUNTED_MAX; at += 1) counts.add(`v${at}`, 'ok', 1, 0);
  counts.add('one-more', 'ok', 3, 0);
  t.equal(counts.dropped, 3);
  counts.forget('v0');
  counts.add('one-more', 'ok', 3, 0);
  t.equal(counts.dropped, 3);
});
