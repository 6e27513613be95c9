import path from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { NEW, OLD } from '../support/policies.ts';
import { countsOf, Recording, sumOf } from './recording.ts';

t.test('history on a real file: a restart keeps it, and leaves an honest gap', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  let store = openSqliteStore(file);
  const made = new Recording({ store: store.history });
  made.world.sight([OLD, NEW]);
  made.world.sight([OLD, NEW]);
  const a = made.join('a');
  made.settleIn(a);
  made.seconds(35, () => a.count('old', { ok: 10 }).report());
  made.history.close();
  store.close();
  // Down for over a minute, in which the verifier goes on.
  made.world.restart({ downMs: 65_000 });
  made.world.verifiers.splice(0);
  store = openSqliteStore(file);
  made.store = store.history;
  made.open();
  const again = made.world.join('orders', 'a', { boot: '0'.repeat(32) });
  a.verifier = again;
  again.report({ keys: [OLD, NEW] });
  a.count('old', { ok: 650 }).report();
  made.seconds(60, () => a.count('old', { ok: 10 }).report());

  const drawn = made.tokens(160);
  const counts = countsOf(drawn, 'kid old', 'ok');
  t.strictSame(counts.slice(0, 4), [100, 100, 100, 50], 'what it had when it stopped');
  t.strictSame(counts.slice(4, 10), Array(6).fill(null));
  t.ok(
    counts.slice(10, -1).every((count) => count !== null && count <= 110),
    counts.join(),
  );
  t.equal(drawn.buckets[3]?.watchedMs, 5_000);

  const minutes = made.tokens(160, 60);
  t.equal(sumOf(minutes, 'kid old', 'ok'), sumOf(drawn, 'kid old', 'ok'), 'wider ones go on, too');
  t.equal(minutes.grid.stepS, 60);
  t.equal(made.tokens(160, 600).buckets.length, 1);
  made.history.close();
  store.close();
});

t.test('a clock that was set back writes over nothing', async (t) => {
  const store = openSqliteStore(path.join(t.testdir(), 'keyturn.db'));
  t.teardown(() => store.close());
  const made = new Recording({ store: store.history });
  made.world.sight([OLD, NEW]);
  const a = made.join('a');
  made.settleIn(a);
  made.seconds(30, () => a.count('old', { ok: 10 }).report());
  made.history.close();
  const before = made.tokens(30);
  made.world.atMs -= 30_000;
  made.open();
  made.seconds(30, () => a.count('old', { ok: 10 }).report());
  const after = made.tokens(30);
  t.ok(sumOf(after, 'kid old', 'ok') >= sumOf(before, 'kid old', 'ok'));
  t.ok(after.buckets.slice(0, 3).every((bucket) => bucket !== null));
  made.history.close();
});

t.test('rows that cannot be read stop nobody', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  let store = openSqliteStore(file);
  const made = new Recording({ store: store.history });
  made.world.sight([OLD, NEW]);
  const a = made.join('a');
  made.settleIn(a);
  made.seconds(30, () => a.count('old', { ok: 10 }).report());
  made.history.close();
  store.close();
  const db = new Database(file);
  db.exec("update history set body = '{' where at_s % 20 = 0");
  db.exec("update history_event set body = 'null'");
  db.close();
  store = openSqliteStore(file);
  t.teardown(() => store.close());
  made.store = store.history;
  made.open();
  made.seconds(10, () => a.count('old', { ok: 10 }).report());
  const counts = countsOf(made.tokens(40), 'kid old', 'ok');
  t.strictSame(counts.slice(0, 3), [null, 100, null]);
  t.strictSame(
    made.history.verifierEvents('orders/a/jwks', { fromMs: 0, toMs: 1e15, limit: 10 }),
    [],
  );
  t.ok(made.history.health().damaged >= 3, 'they are counted');
  t.strictSame(made.told, []);
  made.history.close();
});

t.test('a store that refuses writes is told of once, and nothing is lost meanwhile', async (t) => {
  const store = openSqliteStore(path.join(t.testdir(), 'keyturn.db'));
  t.teardown(() => store.close());
  let failing = false;
  const { history } = store;
  const made = new Recording({
    store: {
      ...history,
      write(rows, events) {
        if (failing) throw new Error('no space left');
        history.write(rows, events);
      },
    },
  });
  made.world.sight([OLD, NEW]);
  const a = made.join('a');
  made.settleIn(a);
  failing = true;
  made.seconds(60, () => a.count('old', { ok: 10 }).report());
  t.strictSame(made.told, ['write: no space left']);
  t.equal(sumOf(made.tokens(60), 'kid old', 'ok'), 600, 'it is read from memory');
  failing = false;
  made.seconds(20);
  failing = true;
  made.seconds(20);
  t.equal(made.told.length, 2);
  t.ok(made.history.health().failedWrites >= 7);
  failing = false;
  made.history.close();
  const again = new Recording({ store: history, world: made.world });
  t.equal(sumOf(again.tokens(100), 'kid old', 'ok'), 600);
});
