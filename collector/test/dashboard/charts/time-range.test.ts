import t from 'tap';
import {
  boundsOf,
  draggedRange,
  rangeOf,
  rangeQuery,
} from '../../../src/dashboard/charts/time-range.ts';

const read = (query: string) => rangeOf(new URLSearchParams(query));
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
});

t.test('an address made of a range leads back to it', async (t) => {
  for (const range of [
    { kind: 'last', preset: '15m' },
    { kind: 'last', preset: '1h' },
    { kind: 'fixed', fromMs: T, toMs: T + 3_600_000 },
  ] as const) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(rangeQuery(range))) {
      if (value !== null) query.set(name, value);
    }
    t.same(rangeOf(query), range);
  }
  t.same(rangeQuery({ kind: 'last', preset: '1h' }), { range: null, from: null, to: null });
});

t.test('a preset moves on, a fixed range stands, the whole begins where it did', async (t) => {
  t.same(boundsOf({ kind: 'last', preset: '15m' }, 0, T), { fromMs: T - 900_000, toMs: T });
  t.same(boundsOf({ kind: 'last', preset: 'all' }, T - 5_000_000, T).fromMs, T - 5_000_000);
  t.ok(boundsOf({ kind: 'last', preset: 'all' }, T, T).fromMs < T, 'and has some length');
  t.match(boundsOf({ kind: 'fixed', fromMs: 1, toMs: 20_000 }, 0, T), { fromMs: 1, toMs: 20_000 });
});

t.test('who dragged hardly at all did not mean it', async (t) => {
  t.equal(draggedRange(T, T + 500), undefined);
  t.same(draggedRange(T + 60_000, T), { kind: 'fixed', fromMs: T, toMs: T + 60_000 });
});
