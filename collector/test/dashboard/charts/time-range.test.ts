import t from 'tap';
import {
  boundsOf,
  draggedRange,
  movedRange,
  presetOf,
  rangeOf,
  rangeQuery,
} from '../../../src/dashboard/charts/time-range.ts';

const read = (query: string) => rangeOf(new URLSearchParams(query), '1h');
const T = Date.parse('2026-11-27T10:00:00.000Z');

t.test('what an address asks for, and what makes no sense in it', async (t) => {
  const hour = { kind: 'last', preset: '1h' };
  for (const query of ['', 'range=9h', 'range=', 'from=x&to=y', 'from=2026-11-27T10:00:00Z']) {
    t.same(read(query), hour, query);
  }
  t.same(read('range=all'), { kind: 'last', preset: 'all' });
  t.same(read('from=2026-11-27T10:00:00Z&to=2026-11-27T10:05:00Z'), {
    kind: 'fixed',
    fromMs: T,
    toMs: T + 300_000,
  });
  t.same(read('from=2026-11-27T10:05:00Z&to=2026-11-27T10:00:00Z'), hour, 'backwards');
  t.same(read('from=2026-11-27T10:00:00Z&to=2026-11-27T10:00:01Z'), hour, 'nothing to see');
  t.same(read('from=-271821-04-20T00:00:00Z&to=-271821-04-21T00:00:00Z'), hour, 'before time');
  t.same(read('from=%2B275760-09-12T00:00:00Z&to=%2B275760-09-13T00:00:00Z'), hour, 'after it');
  t.same(read('from=1970-01-01T00:00:00Z&to=2026-11-27T10:00:00Z'), hour, 'longer than anything');
});

t.test('an address made of a range leads back to it', async (t) => {
  for (const range of [
    { kind: 'last', preset: '15m' },
    { kind: 'last', preset: '1h' },
    { kind: 'fixed', fromMs: T, toMs: T + 3_600_000 },
  ] as const) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(rangeQuery(range, '1h'))) {
      if (value !== null) query.set(name, value);
    }
    t.same(rangeOf(query, '1h'), range);
  }
  t.same(rangeQuery({ kind: 'last', preset: '1h' }, '1h'), { range: null, from: null, to: null });
});

t.test('a preset moves on, a fixed range stands, the whole begins where it did', async (t) => {
  const going = { sinceMs: T - 5_000_000, untilMs: null };
  const bounds = (range: Parameters<typeof boundsOf>[0]) => boundsOf(range, going, T);
  t.same(bounds({ kind: 'last', preset: '15m' }), { fromMs: T - 900_000, toMs: T });
  t.same(bounds({ kind: 'last', preset: 'all' }), { fromMs: T - 5_000_000, toMs: T });
  t.match(bounds({ kind: 'fixed', fromMs: 1, toMs: 20_000 }), { fromMs: 1, toMs: 20_000 });
  const over = { sinceMs: T - 5_000_000, untilMs: T - 1_000_000 };
  t.match(boundsOf({ kind: 'last', preset: 'all' }, over, T), { toMs: T - 1_000_000 });
  const begun = boundsOf({ kind: 'last', preset: 'all' }, { sinceMs: T, untilMs: null }, T);
  t.ok(begun.fromMs < T, 'and has some length');
});

t.test('what is shown first hangs on how long there is something to see', async (t) => {
  t.equal(presetOf({ sinceMs: T - 60_000, untilMs: null }, T), 'all');
  t.equal(presetOf({ sinceMs: T - 86_400_000, untilMs: null }, T), '1h');
  t.equal(presetOf({ sinceMs: T - 86_400_000, untilMs: T - 5 }, T), 'all');
  t.same(movedRange({ fromMs: T, toMs: T + 60_000 }, -1), {
    kind: 'fixed',
    fromMs: T - 30_000,
    toMs: T + 30_000,
  });
});

t.test('who dragged hardly at all did not mean it', async (t) => {
  t.equal(draggedRange(T, T + 500), undefined);
  t.same(draggedRange(T + 60_000, T), { kind: 'fixed', fromMs: T, toMs: T + 60_000 });
});
