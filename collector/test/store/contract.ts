import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import t, { type Test } from 'tap';
import { REHEARSALS_KEPT_MAX } from '../../src/core/records.ts';
import { evidenceSha256 } from '../../src/store/evidence-body.ts';
import type { Store, Write } from '../../src/store/store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import {
  alert,
  attestation,
  auditEntry,
  evidence,
  key,
  notice,
  rehearsal,
  rotation,
  series,
  silence,
  usage,
  verifier,
  waiver,
} from './samples.ts';

/** A place that keeps its contents from one `open` to the next. */
export interface StorePlace {
  open(): Store;
}

const STEP = {
  kind: 'rotation',
  rotationId: 'r1',
  issuer: 'https://issuer.example',
  step: 'activate',
  by: 'ana',
  message: 'ana switched the signer',
} as const;

const ISSUER = { issuer: 'https://issuer.example', readAtMs: 7, watchedSinceMs: null };

/** What every store must do; `place` makes an empty one for each test. */
export function storeContract(name: string, place: (t: Test) => StorePlace): void {
  const put = (record: ReturnType<typeof verifier>): Write => ({ kind: 'verifier', record });

  void t.test(`${name}: empty at first`, async (t) => {
    const store = place(t).open();
    t.strictSame(store.load(), {
      verifiers: [],
      issuers: [],
      keys: [],
      usage: [],
      rotations: [],
      attestations: [],
      waivers: [],
      evidence: [],
      rehearsals: [],
      alerts: [],
      silences: [],
      notices: [],
      series: [],
      meta: null,
    });
    t.strictSame(store.audit({ limit: 10 }), []);
    t.equal(store.verifyAudit(), null);
    t.equal(store.lastMeta(), null);
    store.close();
  });

  void t.test(`${name}: what was committed last is what is read back`, async (t) => {
    const at = place(t);
    const store = at.open();
    for (const lastNowMs of [5, 7]) {
      store.commit([{ kind: 'meta', record: { epochFloor: 3, lastNowMs } }]);
      t.strictSame(store.lastMeta(), { epochFloor: 3, lastNowMs });
    }
    store.close();
    t.throws(() => store.lastMeta(), { code: 'STORE_FAILED', message: /closed/ });
    const again = at.open();
    t.strictSame(again.lastMeta(), { epochFloor: 3, lastNowMs: 7 });
    again.close();
  });

  void t.test(
    `${name}: every kind of record comes back as written, after a restart too`,
    async (t) => {
      const at = place(t);
      const first = at.open();
      first.commit([
        put(verifier('a', 1, 1)),
        { kind: 'issuer', record: { ...ISSUER, cacheLifeMs: 60_000 } },
        { kind: 'issuer', record: { ...ISSUER, cacheLifeMs: 5_000 } },
        { kind: 'key', record: key('k1', 'x') },
        { kind: 'key', record: key('k1', 'y') },
        { kind: 'usage', record: usage('k1', 9) },
        { kind: 'usage', record: usage(null, 8) },
        { kind: 'rotation', record: rotation },
        { kind: 'attestation', record: attestation },
        { kind: 'waiver', record: waiver },
        { kind: 'evidence', record: evidence('r1', 1) },
        { kind: 'rehearsal', record: rehearsal(1) },
        { kind: 'alert', record: alert },
        { kind: 'alert', record: { ...alert, id: 'al-2' } },
        { kind: 'silence', record: silence },
        { kind: 'notice', record: notice('n1') },
        { kind: 'notice', record: { ...notice('n2'), news: STEP } },
        { kind: 'series', record: series },
        { kind: 'meta', record: { epochFloor: 4, lastNowMs: 77 } },
        { kind: 'audit', record: auditEntry('start', 'r1') },
      ]);
      first.commit([
        put(verifier('a', 1, 2)),
        { kind: 'usage', record: usage('k1', 10) },
        { kind: 'rotation', record: { ...rotation, tainted: true } },
        { kind: 'alert', record: { ...alert, status: 'resolved', resolvedAtMs: 60 } },
        { kind: 'alert_removed', record: { ...alert, id: 'al-2' } },
        { kind: 'notice_removed', record: notice('n1') },
        { kind: 'meta', record: { epochFloor: 5, lastNowMs: 78 } },
      ]);
      const before = first.load();
      first.close();

      const second = at.open();
      const after = second.load();
      t.strictSame(after, before);
      t.strictSame(after.verifiers, [verifier('a', 1, 2)]);
      t.strictSame(after.issuers, [{ ...ISSUER, cacheLifeMs: 5_000 }]);
      t.equal(after.keys.length, 2, 'one kid with two thumbprints is two keys');
      t.strictSame(
        new Set(after.usage.map((u) => [u.kid, u.lastAcceptedAtMs].join())),
        new Set(['k1,10', ',8']),
      );
      t.strictSame(after.rotations, [{ ...rotation, tainted: true }]);
      t.strictSame(after.attestations, [attestation]);
      t.strictSame(after.waivers, [waiver]);
      t.strictSame(after.evidence, [
        { rotationId: 'r1', number: 1, occasion: evidence('r1', 1).occasion },
      ]);
      t.strictSame(after.rehearsals, [rehearsal(1)]);
      t.strictSame(after.meta, { epochFloor: 5, lastNowMs: 78 });
      t.match(second.audit({ limit: 9 }), [{ ...auditEntry('start', 'r1'), number: 1 }]);
      second.close();
    },
  );

  void t.test(`${name}: a removed rotation goes with what was said of it`, async (t) => {
    const at = place(t);
    const first = at.open();
    first.commit([
      { kind: 'rotation', record: rotation },
      { kind: 'rotation', record: { ...rotation, id: 'r2' } },
      { kind: 'attestation', record: attestation },
      { kind: 'attestation', record: { ...attestation, id: 'a2', rotationId: 'r2' } },
      { kind: 'waiver', record: waiver },
      { kind: 'audit', record: auditEntry('start', 'r1') },
    ]);
    const gone = { id: 'r1', attestationIds: ['a1'], waiverIds: ['w1'] };
    first.commit([{ kind: 'rotation_removed', record: gone }]);
    first.commit([{ kind: 'rotation_removed', record: gone }]);
    first.close();
    const second = at.open();
    const after = second.load();
    t.strictSame(
      [after.rotations, after.attestations, after.waivers].map((all) => all.map(({ id }) => id)),
      [['r2'], ['a2'], []],
    );
    t.equal(second.audit({ limit: 9 }).length, 1, 'the audit trail keeps all');
    second.close();
  });

  void t.test(`${name}: of many rehearsals the latest are kept`, async (t) => {
    const store = place(t).open();
    const many = Array.from({ length: REHEARSALS_KEPT_MAX + 5 }, (_, at) => rehearsal(at + 1));
    store.commit(many.map((record) => ({ kind: 'rehearsal', record })));
    const kept = store.load().rehearsals.map(({ number }) => number);
    t.strictSame(
      kept.sort((a, b) => a - b),
      many.slice(5).map(({ number }) => number),
    );
    store.close();
  });

  void t.test(`${name}: the newest (epoch, seq) stays, whatever the order of writes`, async (t) => {
    const step = fc.record({
      instance: fc.constantFrom('a', 'b'),
      epoch: fc.integer({ min: 1, max: 3 }),
      seq: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const store = place(t).open();
        for (const s of steps) store.commit([put(verifier(s.instance, s.epoch, s.seq))]);
        const held = new Map(store.load().verifiers.map((v) => [v.id.instance, v]));
        store.close();
        for (const instance of new Set(steps.map((s) => s.instance))) {
          const newest = steps
            .filter((s) => s.instance === instance)
            .reduce((a, b) => ((b.epoch - a.epoch || b.seq - a.seq) > 0 ? b : a));
          const kept = held.get(instance);
          deepStrictEqual([kept?.epoch, kept?.seq], [newest.epoch, newest.seq]);
        }
      }),
      { numRuns: 25 },
    );
  });

  void t.test(`${name}: a change that keeps epoch and seq is taken`, async (t) => {
    const store = place(t).open();
    store.commit([put(verifier('a', 2, 5))]);
    store.commit([put(verifier('a', 2, 5, { departedAtMs: 99 }))]);
    t.match(store.load().verifiers, [{ departedAtMs: 99 }]);
    store.commit([put(verifier('a', 3, 0))]);
    t.match(store.load().verifiers, [{ epoch: 3, seq: 0, departedAtMs: null }]);
    store.close();
  });

  void t.test(`${name}: removal`, async (t) => {
    const store = place(t).open();
    const remove = (record: ReturnType<typeof verifier>): Write => ({
      kind: 'verifier_removed',
      record,
    });
    store.commit([remove(verifier('nobody', 1, 1))]);
    store.commit([put(verifier('a', 1, 1)), put(verifier('b', 1, 1))]);
    store.commit([remove(verifier('a', 1, 1))]);
    t.match(store.load().verifiers, [{ id: { instance: 'b' } }]);
    store.commit([put(verifier('a', 2, 1)), remove(verifier('a', 2, 1)), put(verifier('a', 3, 0))]);
    t.strictSame(
      store
        .load()
        .verifiers.map((v) => `${v.id.instance}${v.epoch}`)
        .sort(),
      ['a3', 'b1'],
    );
    store.commit([remove(verifier('a', 2, 9))]);
    t.equal(store.load().verifiers.length, 2, 'an older removal does not remove a newer record');
    store.close();
  });

  void t.test(
    `${name}: a batch that fails leaves nothing behind and can be tried again`,
    async (t) => {
      const store = place(t).open();
      store.commit([{ kind: 'audit', record: auditEntry('one') }]);
      const bad = { ...auditEntry('bad'), detail: { n: 1n } };
      const writes: Write[] = [
        put(verifier('a', 1, 1)),
        { kind: 'audit', record: auditEntry('two') },
      ];
      t.throws(() => store.commit([...writes, { kind: 'audit', record: bad }]), StoreError);
      t.equal(store.load().verifiers.length, 0);
      t.equal(store.audit({ limit: 9 }).length, 1);
      store.commit(writes);
      store.commit([put(verifier('a', 1, 2))]);
      t.match(store.load().verifiers, [{ seq: 2 }]);
      t.strictSame(
        store.audit({ limit: 9 }).map((e) => e.action),
        ['one', 'two'],
      );
      t.equal(store.verifyAudit(), null);
      store.close();
    },
  );

  void t.test(`${name}: audit entries are numbered, chained and queried`, async (t) => {
    const at = place(t);
    let store = at.open();
    for (let n = 1; n <= 6; n += 1) {
      store.commit([{ kind: 'audit', record: auditEntry(`step ${n}`, n % 2 === 0 ? 'r1' : null) }]);
      if (n === 3) {
        store.close();
        store = at.open();
      }
    }
    const all = store.audit({ limit: 100 });
    t.strictSame(
      all.map((e) => e.number),
      [1, 2, 3, 4, 5, 6],
    );
    t.equal(new Set(all.map((e) => e.hash)).size, 6);
    t.match(all[0]?.hash, /^[0-9a-f]{64}$/);
    t.strictSame(
      store.audit({ rotationId: 'r1', limit: 2 }).map((e) => e.number),
      [2, 4],
    );
    t.strictSame(
      store.audit({ rotationId: 'r1', after: 2, limit: 9 }).map((e) => e.number),
      [4, 6],
    );
    t.strictSame(store.audit({ after: 6, limit: 9 }), []);
    const numbersOf = (query: Parameters<typeof store.audit>[0]) =>
      store.audit(query).map((e) => e.number);
    t.strictSame(numbersOf({ order: 'newest', limit: 2 }), [6, 5], 'newest first');
    t.strictSame(numbersOf({ order: 'newest', before: 5, after: 1, limit: 9 }), [4, 3, 2]);
    t.strictSame(numbersOf({ rotationId: 'r1', order: 'newest', before: 6, limit: 1 }), [4]);
    t.strictSame(numbersOf({ before: 3, limit: 9 }), [1, 2]);
    t.strictSame(store.audit({ limit: 0 }), []);
  });

  void t.test(`${name}: audit entries about one alert`, async (t) => {
    const store = place(t).open();
    const about = (action: string, detail: Readonly<Record<string, unknown>>): Write => ({
      kind: 'audit',
      record: { ...auditEntry(action, 'r1'), detail },
    });
    store.commit([
      about('alert_firing', { alert: 'al-1', name: 'StaleCache' }),
      about('alert_firing', { alert: 'al-2' }),
      about('acknowledge', { alertId: 'al-1', reason: 'on it' }),
      about('start', {}),
    ]);
    store.commit([about('alert_resolved', { alert: 'al-1' })]);
    const numbersOf = (query: Omit<Parameters<typeof store.audit>[0], 'limit'>) =>
      store.audit({ limit: 9, ...query }).map((entry) => entry.number);
    t.strictSame(numbersOf({ alertId: 'al-1' }), [1, 3, 5]);
    t.strictSame(numbersOf({ alertId: 'al-1', order: 'newest', before: 5 }), [3, 1]);
    t.strictSame(numbersOf({ alertId: 'al-1', rotationId: 'r2' }), []);
    t.strictSame(numbersOf({ alertId: "' or 1=1 --" }), []);
    t.equal(store.verifyAudit(), null);
    store.close();
  });

  void t.test(`${name}: a snapshot is written once and read as it was written`, async (t) => {
    const at = place(t);
    const first = at.open();
    first.commit([{ kind: 'evidence', record: evidence('r1', 2) }]);
    first.commit([
      { kind: 'evidence', record: { ...evidence('r1', 2), atMs: 99, verifiers: [] } },
      { kind: 'evidence', record: evidence('r1', 10) },
      { kind: 'evidence', record: evidence('r2', 1) },
    ]);
    const before = first.evidence('r1', 2);
    first.close();
    const second = at.open();
    t.strictSame(second.evidence('r1', 2), before);
    t.strictSame(before?.record, evidence('r1', 2), 'the first one stays');
    t.equal(before?.sha256, evidenceSha256(JSON.stringify(evidence('r1', 2))));
    t.equal(second.evidence('r1', 1), undefined);
    t.equal(second.evidence('nobody', 2), undefined);
    t.strictSame(
      new Set(second.load().evidence.map((ref) => `${ref.rotationId} ${ref.number}`)),
      new Set(['r1 2', 'r1 10', 'r2 1']),
    );
    second.close();
    t.throws(() => second.evidence('r1', 2), { code: 'STORE_FAILED', message: /closed/ });
  });

  void t.test(`${name}: names with any characters stay apart`, async (t) => {
    const store = place(t).open();
    store.commit([
      { kind: 'key', record: key('a","b', 'c') },
      { kind: 'key', record: key('a', 'b","c') },
      { kind: 'key', record: key("'; drop table verifier; --", '\u{1f511}') },
    ]);
    t.equal(store.load().keys.length, 3);
    store.close();
  });

  void t.test(`${name}: a closed store says so`, async (t) => {
    const store = place(t).open();
    store.close();
    store.close();
    t.throws(() => store.load(), { code: 'STORE_FAILED', message: /closed/ });
    t.throws(() => store.commit([]), { code: 'STORE_FAILED', message: /closed/ });
  });
}
