import t from 'tap';
import { openMemoryHistory } from '../../src/store/history-memory.ts';
import type { HistoryRow, HistoryStore } from '../../src/store/history-store.ts';
import { policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';
import { countsOf, Recording } from './recording.ts';

const REFUSED = new Error('the page is damaged');

t.test(
  'what is new is kept while nothing can be read, and none of it waits for ever',
  async (t) => {
    let isFailing = false;
    const store = openMemoryHistory();
    const rows: HistoryStore['rows'] = (query) => {
      if (isFailing) throw REFUSED;
      return store.rows(query);
    };
    const made = new Recording({ store: { ...store, rows } });
    const counting = made.join('i1');
    made.settleIn(counting);
    isFailing = true;
    made.seconds(600, (second) => {
      if (second % 10 === 5) counting.count('old', { ok: 10 }).report();
    });
    isFailing = false;
    made.seconds(60, (second) => {
      if (second % 10 === 5) counting.report();
    });
    const counts = countsOf(made.tokens(650), 'kid old', 'ok').slice(0, -3);
    t.notOk(counts.includes(null), JSON.stringify(counts));
    t.ok(made.history.health().damaged > 0, 'it is counted');
  },
);

t.test('history is written where the audit trail cannot be read', async (t) => {
  const made = new Recording();
  const written: HistoryRow[] = [];
  const { store } = made;
  made.store = {
    ...store,
    write: (rows, events) => {
      written.push(...rows);
      store.write(rows, events);
    },
  };
  made.history.close();
  made.open();
  const counting = made.join('i1');
  made.world.sight();
  made.settleIn(counting);
  made.world.store.audit = () => {
    throw REFUSED;
  };
  made.world.start();
  written.length = 0;
  made.seconds(120);
  t.ok(made.history.health().failedLooks > 0);
  t.strictSame(made.told, ['look: the page is damaged'], 'told once');
  t.ok(written.length > 30, `${written.length} rows`);
});

t.test('an hour without a store is written bit by bit', async (t) => {
  let isFailing = true;
  const lots: number[] = [];
  const store = openMemoryHistory();
  const write: HistoryStore['write'] = (rows, events) => {
    lots.push(rows.length);
    if (isFailing) throw REFUSED;
    store.write(rows, events);
  };
  const policy = policyOf([serviceOf('orders')]);
  const [issuer] = policy.issuers.values();
  if (issuer === undefined) throw new Error('no issuer');
  const many = Array.from({ length: 10 }, (_, at) => ({
    ...issuer,
    issuer: `https://issuer-${at}.test`,
  }));
  const world = new World({ ...policy, issuers: new Map(many.map((each) => [each.issuer, each])) });
  const made = new Recording({ store: { ...store, write }, world });
  made.seconds(3_600);
  isFailing = false;
  made.seconds(30);
  made.history.close();
  t.ok(Math.max(...lots) <= 2_000, `${Math.max(...lots)} rows at once`);
  const of = store.rows({
    track: '["tokens","https://issuer-9.test"]',
    stepS: 10,
    fromS: 0,
    beforeS: 1e12,
  });
  t.ok(of.length >= 360, `${of.length} rows of the last one`);
});
