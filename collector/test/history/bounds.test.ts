import t from 'tap';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import type { HistoryEvent, HistoryRow, HistoryStore } from '../../src/store/history-store.ts';
import { keyOf, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';
import { Recording } from './recording.ts';

const VERIFIERS = 3_000;

/** A store that remembers how much it was given at once. */
function weighed(): { store: HistoryStore; heaviest: { events: number; bytes: number } } {
  const heaviest = { events: 0, bytes: 0 };
  const store = openMemoryHistory();
  const write = (rows: readonly HistoryRow[], events: readonly HistoryEvent[]): void => {
    heaviest.events = Math.max(heaviest.events, events.length);
    for (const { body } of [...rows, ...events]) {
      heaviest.bytes = Math.max(heaviest.bytes, Buffer.byteLength(body));
    }
    store.write(rows, events);
  };
  return { store: { ...store, write }, heaviest };
}

t.test('thousands of verifiers that each tell of kids and keys of their own', async (t) => {
  const { store, heaviest } = weighed();
  const policy = policyOf([serviceOf('orders', { instances: VERIFIERS })], {
    verifiersMax: VERIFIERS,
  });
  const made = new Recording({ store, world: new World(policy) });
  made.world.sight([OLD]);
  made.seconds(60);
  const all = Array.from({ length: VERIFIERS }, (_, at) => made.world.join('orders', `i${at}`));
  const evil = (at: number, turn: number): string => `${'\u{1f608}'.repeat(25)} ${at} ${turn}`;
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [at, each] of all.entries()) {
      const kid = evil(at, turn);
      each.report({
        keys: [OLD, keyOf(kid)],
        counts: [
          { kid, outcomes: { unknown_kid: 7 } },
          { kid: 'old', outcomes: { ok: 10 * (turn + 1) } },
        ],
      });
    }
    made.seconds(1);
  }
  const drawn = made.tokens(30);
  const sums = new Map<string, number>();
  for (const bucket of drawn.buckets) {
    for (const [label, outcomes] of bucket?.counts ?? []) {
      for (const [outcome, count] of Object.entries(outcomes)) {
        sums.set(`${label} ${outcome}`, (sums.get(`${label} ${outcome}`) ?? 0) + count);
      }
    }
  }
  t.strictSame(
    sums,
    new Map([
      ['foreign unknown_kid', VERIFIERS * 3 * 7],
      ['kid old ok', VERIFIERS * 30],
    ]),
  );
  made.seconds(30);
  t.ok(heaviest.events > 0 && heaviest.events <= 2_000, `${heaviest.events} events at once`);
  t.ok(heaviest.bytes < 1_000, `${heaviest.bytes} bytes in one`);
  const told = made.history.verifierEvents('orders/i7/jwks', { fromMs: 0, toMs: 1e15, limit: 50 });
  t.ok(told.length >= 2 && told.length <= 16, `${told.length} events of one`);
  t.strictSame(made.told, []);
});

t.test(
  'what is over the bounds goes a little with each look, and soon after a flood',
  async (t) => {
    let over = 0;
    const pruned: number[] = [];
    const store = openMemoryHistory();
    const prune: HistoryStore['prune'] = ({ atOnce }) => {
      pruned.push(Math.min(atOnce, over));
      over -= Math.min(atOnce, over);
      return pruned.at(-1) ?? 0;
    };
    const policy = policyOf([serviceOf('orders', { instances: VERIFIERS })], {
      verifiersMax: VERIFIERS,
    });
    const made = new Recording({ store: { ...store, prune }, world: new World(policy) });
    made.world.sight([OLD]);
    made.seconds(60);
    t.strictSame(pruned, [0], 'once at the start');
    const all = Array.from({ length: VERIFIERS }, (_, at) => made.world.join('orders', `i${at}`));
    over = 3_500;
    for (let turn = 0; turn < 4; turn += 1) {
      for (const each of all) each.report({ keys: turn % 2 === 0 ? [OLD] : [] });
      made.seconds(1);
    }
    made.seconds(30);
    t.strictSame(pruned.slice(0, 6), [0, 1_000, 1_000, 1_000, 500, 0].slice(0, pruned.length));
    t.ok(pruned.length >= 5, `${pruned.length} times`);
  },
);
