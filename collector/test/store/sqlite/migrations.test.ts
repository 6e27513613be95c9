import Database from 'better-sqlite3';
import path from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import {
  APPLICATION_ID,
  MIGRATIONS,
  SCHEMA_VERSION,
} from '../../../src/store/migrations/migrations.ts';
import { verifier } from '../samples.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

/** A database as an older Keyturn left it, with one rotation. */
function older(t: Test, version: number, rotation: Record<string, unknown>): string {
  const file = path.join(t.testdir(), 'keyturn.db');
  const db = new Database(file);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma('journal_mode = wal');
  for (const sql of MIGRATIONS.slice(0, version)) db.exec(sql);
  db.pragma(`user_version = ${version}`);
  db.prepare('insert into rotation (id, body) values (?, ?)').run(
    rotation['id'],
    JSON.stringify(rotation),
  );
  db.close();
  return file;
}

/** A rotation as the first schema had it. */
const FIRST = {
  id: 'r1',
  issuer: 'https://issuer.example',
  alg: 'ES256',
  oldKid: 'k1',
  oldThumbprint: null,
  newKid: 'k2',
  newThumbprint: null,
  startedAtMs: 10,
  startedBy: 'ci',
  declared: {},
  switchedAtMs: null,
  switchSeenAtMs: null,
  failuresAtSwitch: 0,
  endedAtMs: null,
  outcome: null,
  tainted: false,
};

t.test(
  'a rotation that was switched, rolled back or declared on keeps what that means',
  async (t) => {
    const declared = {
      activate: { atMs: 20, by: 'ci', overrideReason: null },
      rollback: { atMs: 30, by: 'ana', overrideReason: 'it failed' },
    };
    const switched = { ...FIRST, declared: { activate: declared.activate }, switchedAtMs: 20 };
    for (const [rotation, expected] of [
      [FIRST, { firstSwitchedAtMs: null, rolledBackAtMs: null, declared: {} }],
      [switched, { firstSwitchedAtMs: 20, rolledBackAtMs: null }],
      [
        { ...FIRST, declared },
        {
          firstSwitchedAtMs: null,
          rolledBackAtMs: 30,
          declared: { rollback: { ...declared.rollback, reason: null } },
        },
      ],
    ] as const) {
      const store = openSqliteStore(older(t, 1, rotation));
      t.match(store.load().rotations, [expected]);
      t.same(store.load().rehearsals, []);
      store.close();
    }
  },
);

t.test('a rotation of the first schema is read, and changes no algorithm', async (t) => {
  const file = older(t, 1, FIRST);
  const store = openSqliteStore(file);
  t.match(store.load().rotations, [{ ...FIRST, oldAlg: 'ES256' }]);
  t.match(store.load().rotations, [{ origin: 'declared', endedBecause: null, findings: [] }]);
  store.close();
  const again = openSqliteStore(file);
  t.equal(again.load().rotations.length, 1, 'and once more');
  again.close();
  const db = new Database(file, { readonly: true });
  t.equal(db.pragma('user_version', { simple: true }), SCHEMA_VERSION);
  db.close();
});

t.test('a verifier from before probes is read, and has none', async (t) => {
  const file = older(t, 3, { ...FIRST, oldAlg: 'ES256' });
  const { id, epoch, seq, probes, ...body } = verifier('i1', 2, 9);
  const db = new Database(file);
  db.prepare(
    'insert into verifier (service, instance, cache, epoch, seq, body) values (?, ?, ?, ?, ?, ?)',
  ).run(id.service, id.instance, id.cache, epoch, seq, JSON.stringify(body));
  db.close();
  const store = openSqliteStore(file);
  t.match(store.load().verifiers, [{ id, probes, ...body }]);
  store.close();
});
