import { deepStrictEqual, equal } from 'node:assert/strict';
import path from 'node:path';
import * as fc from 'fast-check';
import t from 'tap';
import { canonicalJson } from '../../src/store/canonical-json.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Persisted, Write } from '../../src/store/store.ts';
import { alert, auditEntry, evidence, key, notice, rotation, usage, verifier } from './samples.ts';

const instance = fc.constantFrom('a', 'b', 'c');
const record = fc
  .record({ instance, epoch: fc.integer({ min: 1, max: 3 }), seq: fc.integer({ min: 0, max: 3 }) })
  .map((v) => verifier(v.instance, v.epoch, v.seq));

const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: record.map((record): Write => ({ kind: 'verifier', record })) },
  { weight: 2, arbitrary: record.map((record): Write => ({ kind: 'verifier_removed', record })) },
  fc.tuple(fc.string(), fc.nat(), fc.option(fc.nat())).map(
    ([issuer, cacheLifeMs, readAtMs]): Write => ({
      kind: 'issuer',
      record: { issuer, cacheLifeMs, readAtMs, watchedSinceMs: readAtMs },
    }),
  ),
  fc.string().map((kid): Write => ({ kind: 'key', record: key(kid, 'x') })),
  fc
    .tuple(fc.option(fc.string({ unit: 'binary' })), fc.nat())
    .map(([kid, at]): Write => ({ kind: 'usage', record: usage(kid, at) })),
  fc
    .constantFrom('r1', 'r2')
    .map((id): Write => ({ kind: 'rotation', record: { ...rotation, id } })),
  fc
    .tuple(fc.constantFrom('r1', 'r2'), fc.integer({ min: 1, max: 3 }), fc.nat())
    .map(([id, n, atMs]): Write => ({ kind: 'evidence', record: { ...evidence(id, n), atMs } })),
  fc
    .tuple(fc.constantFrom('alert', 'alert_removed'), fc.constantFrom('a', 'b'))
    .map(([kind, id]): Write => ({ kind, record: { ...alert, id } })),
  fc
    .tuple(fc.constantFrom('notice', 'notice_removed'), fc.constantFrom('a', 'b'))
    .map(([kind, id]): Write => ({ kind, record: notice(id) })),
  fc.nat().map((n): Write => ({ kind: 'meta', record: { epochFloor: n, lastNowMs: n } })),
  fc.string().map((action): Write => ({ kind: 'audit', record: auditEntry(action, 'r1') })),
);

/** Order within a kind is not promised. */
function sorted(state: Persisted): unknown {
  return Object.fromEntries(
    Object.entries(state).map(([kind, value]) => [
      kind,
      Array.isArray(value) ? value.map((one) => canonicalJson(one)).sort() : value,
    ]),
  );
}

t.test('both stores hold the same after the same writes, restarts included', async (t) => {
  const directory = t.testdir();
  let run = 0;
  fc.assert(
    fc.property(fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 6 }), (batches) => {
      const file = path.join(directory, `${(run += 1)}.db`);
      const memory = openMemoryStore();
      for (const batch of batches) {
        memory.commit(batch);
        const store = openSqliteStore(file);
        store.commit(batch);
        store.close();
      }
      const store = openSqliteStore(file);
      deepStrictEqual(sorted(store.load()), sorted(memory.load()));
      for (const { rotationId, number } of memory.load().evidence) {
        deepStrictEqual(store.evidence(rotationId, number), memory.evidence(rotationId, number));
      }
      deepStrictEqual(store.audit({ limit: 100 }), memory.audit({ limit: 100 }));
      equal(store.verifyAudit(), null);
      store.close();
    }),
    { numRuns: 40 },
  );
});
