import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { SCHEMA_VERSION } from '../../../src/store/migrations/migrations.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Write } from '../../../src/store/store.ts';
import { auditEntry, verifier } from '../samples.ts';

function batch(from: number, size: number): readonly Write[] {
  return [
    ...Array.from({ length: size }, (_, n) => ({
      kind: 'verifier' as const,
      record: verifier(`i${from + n}`, 1, 1),
    })),
    { kind: 'audit' as const, record: auditEntry(`from ${from}`) },
  ];
}

/** A closed store with some hundred pages. */
function written(t: Test): string {
  const file = path.join(t.testdir(), 'data', 'keyturn.db');
  const store = openSqliteStore(file);
  store.commit(batch(0, 300));
  store.close();
  return file;
}

function fingerprint(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** The refusal of `file`, which must be left as it was. */
function refusalOf(t: Test, file: string): { code: string; message: string } {
  const before = fingerprint(file);
  try {
    openSqliteStore(file, { lockWaitMs: 1 }).close();
  } catch (thrown) {
    t.equal(fingerprint(file), before, 'the file is as it was');
    return thrown as { code: string; message: string };
  }
  t.fail('opened');
  return { code: '', message: '' };
}

t.test('a newer file', async (t) => {
  const file = written(t);
  const db = new Database(file);
  db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  t.match(refusalOf(t, file), {
    code: 'STORE_NEWER',
    message: `was written by a newer Keyturn: schema ${SCHEMA_VERSION + 1}, this one knows up to ${SCHEMA_VERSION}. Start`,
  });
});

t.test('files that are no database of ours', async (t) => {
  const cases: readonly [string, (file: string) => void, string, RegExp][] = [
    ['garbage', (f) => writeFileSync(f, 'hello '.repeat(2_000)), 'STORE_DAMAGED', /not a database/],
    ['short text', (f) => writeFileSync(f, 'hi'), 'STORE_DAMAGED', /not a database/],
    ['emptied', (f) => truncateSync(f, 0), 'STORE_DAMAGED', /it is empty \(0 bytes\)/],
    ['cut in half', (f) => truncateSync(f, statSync(f).size >> 1), 'STORE_DAMAGED', /Restore it/],
    ['cut by a page', (f) => truncateSync(f, statSync(f).size - 4_096), 'STORE_DAMAGED', /./],
    ['cut by a byte', (f) => truncateSync(f, statSync(f).size - 1), 'STORE_DAMAGED', /./],
    ['header only', (f) => truncateSync(f, 100), 'STORE_DAMAGED', /./],
    ['a page overwritten', overwritePage, 'STORE_DAMAGED', /./],
    ["another application's", anotherApplication, 'STORE_FAILED', /another application/],
  ];
  for (const [name, spoil, code, message] of cases) {
    await t.test(name, async (t) => {
      const file = written(t);
      spoil(file);
      t.match(refusalOf(t, file), { code, message });
    });
  }
});

function overwritePage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0xaa, 10 * 4_096, 12 * 4_096);
  writeFileSync(file, bytes);
}

function anotherApplication(file: string): void {
  unlinkSync(file);
  const db = new Database(file);
  db.exec('create table users (id integer)');
  db.close();
}

t.test('a file too large to check whole is checked where the state is', async (t) => {
  const file = written(t);
  const options = { lockWaitMs: 1, checkedWholeBytesMax: 0 };
  openSqliteStore(file, options).close();
  overwritePage(file);
  t.throws(() => openSqliteStore(file, options), { code: 'STORE_DAMAGED' });
});

t.test('a directory in its place', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  mkdirSync(file);
  t.throws(() => openSqliteStore(file), { code: 'STORE_FAILED', message: /not a regular file/ });
});

t.test('a log whose database is gone is not thrown away', async (t) => {
  const file = written(t);
  unlinkSync(file);
  writeFileSync(`${file}-wal`, 'committed data');
  t.throws(() => openSqliteStore(file), {
    code: 'STORE_DAMAGED',
    message: /the file is missing but .*keyturn\.db-wal is there/,
  });
  t.strictSame(readdirSync(path.dirname(file)), ['keyturn.db-wal']);
});

t.test('a file moved away under a running collector stops commits', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  const store = openSqliteStore(file);
  store.commit(batch(0, 1));
  renameSync(file, `${file}.moved`);
  t.throws(() => store.commit(batch(1, 1)), { code: 'STORE_FAILED', message: /moved, deleted/ });
  renameSync(`${file}.moved`, file);
  store.commit(batch(1, 1));
  t.equal(store.load().verifiers.length, 2);
  store.close();
});

t.test('a full disk: commits fail whole, and go on once there is room', async (t) => {
  // SQLite's own page limit gives the genuine SQLITE_FULL, without needing a file system to fill.
  const file = path.join(t.testdir(), 'keyturn.db');
  const store = openSqliteStore(file, { pagesMax: 60 });
  let taken = 0;
  const fill = () => {
    for (;;) {
      store.commit(batch(taken, 10));
      taken += 10;
    }
  };
  t.throws(fill, { code: 'STORE_FULL', message: /no space left.*Free space/ });
  t.equal(store.load().verifiers.length, taken, 'no half batch');
  t.throws(() => store.commit(batch(taken, 10)), { code: 'STORE_FULL' });
  store.close();
  const roomier = openSqliteStore(file);
  roomier.commit(batch(taken, 10));
  t.equal(roomier.load().verifiers.length, taken + 10);
  t.equal(roomier.verifyAudit(), null);
  roomier.close();
});

/** Mounts something for one test, or skips it where that is not allowed. */
function mounted(t: Test, options: readonly string[]): string | undefined {
  const at = mkdtempSync(path.join(tmpdir(), 'keyturn-mount-'));
  try {
    execFileSync('mount', [...options, at], { stdio: 'pipe' });
  } catch {
    rmdirSync(at);
    t.comment('skipped: mounting is not allowed here');
    return undefined;
  }
  t.teardown(() => {
    execFileSync('umount', [at]);
    rmdirSync(at);
  });
  return at;
}

t.test('a file system that runs full', async (t) => {
  const at = mounted(t, ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']);
  if (at === undefined) return;
  const file = path.join(at, 'keyturn.db');
  const store = openSqliteStore(file);
  writeFileSync(path.join(at, 'ballast'), Buffer.alloc(300_000));
  let taken = 0;
  const fill = () => {
    for (;;) {
      store.commit(batch(taken, 10));
      taken += 10;
    }
  };
  t.throws(fill, { code: 'STORE_FULL', message: /Free space/ });
  t.equal(store.load().verifiers.length, taken, 'no half batch');
  unlinkSync(path.join(at, 'ballast'));
  store.commit(batch(taken, 10));
  t.equal(store.load().verifiers.length, taken + 10);
  store.close();

  writeFileSync(path.join(at, 'ballast2'), Buffer.alloc(900_000).subarray(0, roomLeft(at)));
  t.throws(() => openSqliteStore(path.join(at, 'other', 'keyturn.db')), { code: 'STORE_FULL' });
  t.strictSame(readdirSync(path.join(at, 'other')), [], 'no partial file');
});

/** Bytes to fill so that no page is left, as the file system counts. */
function roomLeft(at: string): number {
  const out = execFileSync('df', ['--output=avail', '-B1', at], { encoding: 'utf8' });
  return Number(out.split('\n')[1]) - 4_096;
}

t.test('a read-only file system', async (t) => {
  const file = written(t);
  const at = mounted(t, ['--bind', path.dirname(file)]);
  if (at === undefined) return;
  execFileSync('mount', ['-o', 'remount,ro,bind', at]);
  t.match(refusalOf(t, path.join(at, 'keyturn.db')), {
    code: 'STORE_READ_ONLY',
    message: /cannot be written: .*EROFS.*Make the file and its directory writable/,
  });
  t.throws(() => openSqliteStore(path.join(at, 'fresh.db')), { code: 'STORE_READ_ONLY' });
});

t.test('a file or directory without write permission', async (t) => {
  const file = written(t);
  if (process.getuid?.() === 0) {
    t.comment('skipped: root may write anywhere; the read-only file system test covers it');
    return;
  }
  chmodSync(file, 0o400);
  t.match(refusalOf(t, file), { code: 'STORE_READ_ONLY' });
  chmodSync(file, 0o600);
  chmodSync(path.dirname(file), 0o500);
  t.teardown(() => chmodSync(path.dirname(file), 0o700));
  t.match(refusalOf(t, file), { code: 'STORE_READ_ONLY' });
});

t.test('an immutable file', async (t) => {
  const file = written(t);
  try {
    execFileSync('chattr', ['+i', file], { stdio: 'pipe' });
  } catch {
    t.comment('skipped: chattr does not work here');
    return;
  }
  try {
    t.match(refusalOf(t, file), { code: 'STORE_READ_ONLY', message: /EPERM|EACCES/ });
  } finally {
    execFileSync('chattr', ['-i', file]);
  }
});
