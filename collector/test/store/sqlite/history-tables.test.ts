import path from 'node:path';
import t from 'tap';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { historyContract } from '../history-contract.ts';

let places = 0;

historyContract('sqlite', (t) => {
  const file = path.join(t.testdir(), `${(places += 1)}`, 'keyturn.db');
  return {
    open() {
      const store = openSqliteStore(file);
      return { ...store.history, close: () => store.close() };
    },
  };
});

t.test('a store that is closed says so', async (t) => {
  const store = openSqliteStore(path.join(t.testdir(), 'keyturn.db'));
  store.close();
  t.throws(() => store.history.write([], []), { code: 'STORE_FAILED', message: /closed/ });
  t.throws(() => store.history.rows({ track: 'a', stepS: 10, fromS: 0, beforeS: 1 }), {
    code: 'STORE_FAILED',
  });
});

t.test('a full disk refuses a batch as a whole', async (t) => {
  const store = openSqliteStore(path.join(t.testdir(), 'keyturn.db'), { pagesMax: 80 });
  t.teardown(() => store.close());
  const body = JSON.stringify('x'.repeat(4_000));
  const rows = Array.from({ length: 200 }, (_, at) => ({
    track: 'a',
    stepS: 10,
    atS: at * 10,
    body,
  }));
  t.throws(() => store.history.write(rows, []), { code: 'STORE_FULL' });
  t.strictSame(store.history.rows({ track: 'a', stepS: 10, fromS: 0, beforeS: 1e9 }), []);
  store.history.write(rows.slice(0, 5), []);
  t.equal(store.history.latestS('a', 10), 40);
});
