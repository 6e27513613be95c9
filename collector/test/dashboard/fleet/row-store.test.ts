import t from 'tap';
import { FLEET_ROW_FLAGS, type FleetRowsView } from '../../../src/api/schemas/fleet-rows.ts';
import { RowStore } from '../../../src/dashboard/fleet/row-store.ts';
import { ROW_FLAGS } from '../../../src/dashboard/fleet/verifier-row.ts';
import { HEAD } from './rows.ts';

type Answer = FleetRowsView;

function answer(more: Partial<Answer>): Answer {
  return {
    cursor: 'a'.repeat(12).concat('-1'),
    complete: false,
    base_at: '2026-01-01T00:00:00.000Z',
    total: 0,
    rows: [],
    gone: [],
    services: { from: 1, entries: [] },
    profiles: { from: 1, entries: [] },
    words: { from: 6, entries: [] },
    head: null,
    ...more,
  };
}

const FIRST = answer({
  complete: true,
  services: {
    from: 0,
    entries: [
      { name: 'orders', kind: 'instrumented', declared: true, required: true, evidence: 'present' },
    ],
  },
  profiles: {
    from: 0,
    entries: [
      { id: 'jose', name: 'jose', refresh_s: 600, removed_key_accepted_s: 600, static_keys: false },
    ],
  },
  words: { from: 0, entries: ['main', 'in_process', 'r-1', 'present', 'held', 'timeout'] },
  head: HEAD,
  rows: [
    [
      7,
      0,
      'a',
      0,
      0,
      1,
      33,
      10,
      [[0, [0, 1], 2, 3, 5]],
      0,
      [[2, 3, 11, 4, 12, 1]],
      4,
      60,
      [[50, null]],
    ],
    [8, 0, 'b', 0, 0, 1, 1, 10, [], 1, [], 0, null, []],
  ],
});

function taken(store: RowStore, one: Answer) {
  store.begin(one);
  const rows = store.take(one.rows);
  return [...rows, ...store.end(one)];
}

const names = (store: RowStore): string[] => [...store.all()].map(({ row }) => row.name);

t.test('flags are in the order of the collector', (t) => {
  t.same(ROW_FLAGS, FLEET_ROW_FLAGS);
  t.end();
});

t.test('an answer becomes rows with names and moments', (t) => {
  const store = new RowStore();
  const changes = taken(store, FIRST);
  t.equal(changes.length, 2);
  const base = Date.parse(FIRST.base_at);
  t.match(changes[0]?.after, {
    id: 7,
    name: 'orders/a/main',
    source: 'in_process',
    sinceMs: base + 10_000,
    sets: [
      { keys: [0, 1], otherKeys: 2, failedFetches: 3, error: 'timeout', dataAtMs: base + 50_000 },
    ],
    standings: [{ rotation: 'r-1', holdsNew: 'present', holdsOld: 'held', sufficient: true }],
    failures: 4,
    reportedAtMs: base + 60_000,
  });
  t.equal(changes[0]?.after?.sets[0]?.attemptAtMs, null);
  t.equal(changes[1]?.after?.reportedAtMs, null);
  t.end();
});

t.test('what changed, what went, and a collector that started anew', (t) => {
  const store = new RowStore();
  taken(store, FIRST);
  const [first] = store.all();
  const changes = taken(
    store,
    answer({
      cursor: 'x-2',
      words: { from: 6, entries: ['second'] },
      rows: [[7, 0, 'a', 6, 0, 1, 2, 99, [], 0, [], 0, 60, []]],
      gone: [8, 12_345],
    }),
  );
  t.equal(changes.length, 2);
  t.equal(changes[0]?.held, first, 'a verifier keeps its place');
  t.equal(changes[0]?.before?.name, 'orders/a/main');
  t.same(names(store), ['orders/a/second']);
  t.equal(store.cursor, 'x-2');
  t.equal(store.head, HEAD, 'kept');

  taken(store, FIRST);
  const kept = [...store.all()].find((one) => one.row.instance === 'b');
  const [, second] = FIRST.rows;
  const renumbered = [1, ...(second?.slice(1) ?? [])] as unknown as FleetRowsView['rows'][number];
  const anew = taken(store, { ...FIRST, rows: [renumbered] });
  t.same(names(store), ['orders/b/main']);
  t.equal([...store.all()][0], kept, 'numbered anew, it keeps its place');
  t.equal(anew.find(({ after }) => after === null)?.before?.instance, 'a');
  t.end();
});

t.test('half an answer leaves nothing to go on from', (t) => {
  const store = new RowStore();
  taken(store, FIRST);
  store.begin(answer({ rows: [] }));
  t.equal(store.cursor, null, 'whatever ends it, all is asked for again');
  const strange = store.take([[9, 55, 'c', 0, 0, 1, 1, 0, [], 0, [], 0, 0, []]]);
  t.same(strange, [], 'a row that names what never came is left out');
  t.end();
});
