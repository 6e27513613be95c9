import path from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { storeContract } from '../contract.ts';
import { auditEntry, key, verifier } from '../samples.ts';

let places = 0;

storeContract('sqlite', (t) => {
  const file = path.join(t.testdir(), `${(places += 1)}`, 'keyturn.db');
  return { open: () => openSqliteStore(file) };
});

/** Opens a file behind the store's back. */
function tamper(file: string, sql: string): void {
  const db = new Database(file);
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

function written(t: { testdir: () => string }): string {
  const file = path.join(t.testdir(), 'keyturn.db');
  const store = openSqliteStore(file);
  store.commit([
    { kind: 'verifier', record: verifier('a', 1, 1) },
    { kind: 'key', record: key('k1', 'x') },
    { kind: 'audit', record: auditEntry('one') },
    { kind: 'audit', record: auditEntry('two') },
    { kind: 'audit', record: auditEntry('three') },
  ]);
  store.close();
  return file;
}

t.test('a damaged row is named, never skipped', async (t) => {
  const cases = [
    [
      'update verifier set body = \'{"bootId":1}\'',
      /table verifier, row orders\/a\/main: .*bootId/,
    ],
    ["update verifier set body = '{'", /table verifier, row orders\/a\/main/],
    ['update verifier set seq = -1', /table verifier, row orders\/a\/main: negative/],
    ["update issuer_key set body = 'null'", /table issuer_key, row .*"k1","x"/],
    ["update issuer_key set id = 'other'", /table issuer_key, row other: .*another row/],
    ["insert into meta values (1, '{}')", /table meta, row 1: .*epochFloor/],
  ] as const;
  for (const [sql, message] of cases) {
    await t.test(sql, async (t) => {
      const file = written(t);
      tamper(file, sql);
      const store = openSqliteStore(file);
      t.throws(() => store.load(), { code: 'STORE_DAMAGED', message });
      store.close();
    });
  }
});

t.test('the audit trail cannot be changed through SQL, and shows when it was', async (t) => {
  const file = written(t);
  t.throws(() => tamper(file, 'delete from audit'), /append-only/);
  t.throws(() => tamper(file, "update audit set body = '{}'"), /append-only/);

  tamper(
    file,
    "drop trigger audit_is_append_only_1; update audit set body = replace(body, 'one', 'eno') where number = 1",
  );
  const store = openSqliteStore(file);
  t.equal(store.verifyAudit(), 1);
  store.close();

  tamper(file, 'drop trigger audit_is_append_only_2; delete from audit where number = 2');
  t.throws(() => openSqliteStore(file), {
    code: 'STORE_DAMAGED',
    message: /table audit, row 3/,
  });

  tamper(file, 'delete from audit where number = 3');
  t.throws(() => openSqliteStore(file), {
    code: 'STORE_DAMAGED',
    message: /table audit, row 3: the newest entry is missing/,
  });
});

t.test('one collector at a time', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  const first = openSqliteStore(file);
  t.throws(() => openSqliteStore(file, { lockWaitMs: 1 }), {
    code: 'STORE_LOCKED',
    message: /in use by another process.*Stop the other collector/,
  });
  first.commit([{ kind: 'verifier', record: verifier('a', 1, 1) }]);
  first.close();
  const second = openSqliteStore(file, { lockWaitMs: 1 });
  t.equal(second.load().verifiers.length, 1);
  second.close();
});

t.test('100,000 verifiers', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  const store = openSqliteStore(file);
  const started = performance.now();
  let slowest = 0;
  for (let batch = 0; batch < 100; batch += 1) {
    const writes = Array.from({ length: 1_000 }, (_, n) => ({
      kind: 'verifier' as const,
      record: verifier(`i${batch * 1_000 + n}`, 1, 1),
    }));
    const at = performance.now();
    store.commit(writes);
    slowest = Math.max(slowest, performance.now() - at);
  }
  const commitMs = performance.now() - started;
  store.close();
  const reopened = performance.now();
  const again = openSqliteStore(file);
  const openMs = performance.now() - reopened;
  t.equal(again.load().verifiers.length, 100_000);
  const loadMs = performance.now() - reopened - openMs;
  again.close();
  t.comment(
    `commit ${commitMs.toFixed(0)} ms (slowest batch ${slowest.toFixed(0)} ms), ` +
      `open with check ${openMs.toFixed(0)} ms, load ${loadMs.toFixed(0)} ms`,
  );
});
