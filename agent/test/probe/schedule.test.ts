import assert from 'node:assert/strict';
import type { Probe } from '@keyturn/shared/model/probe.ts';
import fc from 'fast-check';
import t from 'tap';
import { PROBES_APART_MIN_MS, ProbeSchedule } from '../../src/probe/schedule.ts';

function order(id: string, part: Partial<Probe> = {}): Probe {
  return {
    id,
    handle: 1,
    issuer: 'i',
    expiresInMs: 30_000,
    apartMs: 10_000,
    canaries: [],
    ...part,
  };
}

type Act =
  | { readonly act: 'order'; readonly verifier: number; readonly probe: Omit<Probe, 'id'> }
  | { readonly act: 'withdraw'; readonly latest: number }
  | { readonly act: 'withdraw all' }
  | { readonly act: 'end'; readonly verifier: number }
  | { readonly act: 'pause'; readonly verifier: number }
  | { readonly act: 'wait'; readonly ms: number };

const verifier = fc.nat({ max: 2 });
const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    fc.record({
      act: fc.constant('order' as const),
      verifier,
      probe: fc.record({
        handle: fc.constant(1),
        issuer: fc.constant('i'),
        expiresInMs: fc.nat({ max: 60_000 }),
        apartMs: fc.nat({ max: 40_000 }),
        canaries: fc.constant([]),
      }),
    }),
    fc.record({ act: fc.constant('withdraw' as const), latest: fc.nat({ max: 3 }) }),
    fc.record({ act: fc.constant('withdraw all' as const) }),
    fc.record({ act: fc.constant('end' as const), verifier }),
    fc.record({ act: fc.constant('pause' as const), verifier }),
    fc.record({ act: fc.constant('wait' as const), ms: fc.nat({ max: 20_000 }) }),
  ),
  { maxLength: 60 },
);

t.test('whatever is ordered, waited and taken back', (t) => {
  fc.assert(
    fc.property(acts, fc.double({ min: 0, max: 0.999, noNaN: true }), (script, random) => {
      const schedule = new ProbeSchedule<number>(() => random);
      const ordered = new Map<string, { probe: Probe; atMs: number; back: boolean }>();
      const running = new Map<number, string>();
      const begun = new Map<number, { atMs: number; apartMs: number }>();
      let nowMs = 0;
      let made = 0;
      const go = () => {
        for (const [who, probe] of schedule.begin(nowMs)) {
          const known = ordered.get(probe.id);
          assert.ok(known !== undefined, 'nothing begins that nobody ordered');
          assert.ok(!known.back, 'nor what was taken back');
          assert.ok(nowMs < known.atMs + probe.expiresInMs, 'nor what has expired');
          assert.ok(!running.has(who), 'one probe of a verifier runs at a time');
          const before = begun.get(who);
          if (before !== undefined) {
            const apartMs = Math.max(PROBES_APART_MIN_MS, before.apartMs, probe.apartMs);
            assert.ok(nowMs - before.atMs >= apartMs, 'two are as far apart as both ask for');
          }
          running.set(who, probe.id);
          begun.set(who, { atMs: nowMs, apartMs: probe.apartMs });
        }
      };
      for (const step of script) {
        switch (step.act) {
          case 'order': {
            const probe = { ...step.probe, id: `p${++made}` };
            ordered.set(probe.id, { probe, atMs: nowMs, back: false });
            schedule.ordered(step.verifier, probe, nowMs);
            break;
          }
          case 'withdraw': {
            const ids = [...ordered.keys()].slice(-step.latest);
            for (const id of ids) Object.assign(ordered.get(id) ?? {}, { back: true });
            schedule.withdraw(ids);
            for (const id of running.values()) {
              if (ordered.get(id)?.back === true) assert.ok(schedule.isWithdrawn(id));
            }
            break;
          }
          case 'withdraw all':
            for (const known of ordered.values()) known.back = true;
            schedule.withdrawAll();
            assert.equal(schedule.wakeAtMs, Infinity);
            break;
          case 'end': {
            const id = running.get(step.verifier);
            if (id !== undefined) schedule.ended(step.verifier, id);
            running.delete(step.verifier);
            break;
          }
          case 'pause': {
            schedule.pause(step.verifier);
            const id = running.get(step.verifier);
            if (id !== undefined) assert.ok(schedule.isWithdrawn(id));
            break;
          }
          case 'wait':
            nowMs += step.ms;
            break;
        }
        go();
      }
    }),
  );
  t.end();
});

t.test('a probe waits its share, and one that would be too late is left out', (t) => {
  const schedule = new ProbeSchedule<string>(() => 0.5);
  schedule.ordered('a', order('p1'), 0);
  t.equal(schedule.wakeAtMs, 1_000, 'half of two seconds');
  t.same(schedule.begin(999), []);
  t.match(schedule.begin(1_000), [['a', { id: 'p1' }]]);
  t.equal(schedule.wakeAtMs, Infinity);
  schedule.ended('a', 'p1');
  schedule.ordered('a', order('p2', { expiresInMs: 5_000 }), 2_000);
  t.equal(schedule.wakeAtMs, Infinity, 'its cooldown outlives the order');
  schedule.ordered('a', order('p3'), 2_000);
  t.equal(schedule.wakeAtMs, 11_000, 'ten seconds after the one before, however that ended');
  t.end();
});

t.test('a later order takes the place of one that waits, not of one that runs', (t) => {
  const schedule = new ProbeSchedule<string>(() => 0);
  schedule.ordered('a', order('p1', { apartMs: 0 }), 0);
  schedule.ordered('a', order('p2', { apartMs: 0 }), 0);
  t.match(schedule.begin(0), [['a', { id: 'p2' }]]);
  schedule.ordered('a', order('p3', { apartMs: 0 }), 0);
  t.same(schedule.begin(1_000), [], 'p2 runs');
  schedule.ended('a', 'p2');
  t.match(schedule.begin(1_000), [['a', { id: 'p3' }]]);
  schedule.withdraw(['p3']);
  t.ok(schedule.isWithdrawn('p3'));
  schedule.forget('a');
  t.end();
});
