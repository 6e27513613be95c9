import t from 'tap';
import type { HeldCounts } from '../../src/core/records.ts';
import { noteUse, recentCount } from '../../src/core/recent-use.ts';
import { usageKey } from '../../src/core/state.ts';
import { ISSUER, policyOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = 30_000_000 * MINUTE;

function worldOfUse() {
  const { state } = new World(policyOf([]));
  const row = (ok: number): HeldCounts => ({
    issuer: ISSUER,
    key: { kind: 'kid', kid: 'old' },
    outcomes: { ok },
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs: null,
  });
  return {
    state,
    note: (ok: number, untilMs: number, sinceMs: number | null = null, before = 0) => {
      noteUse(state, row(ok), before === 0 ? undefined : row(before), 'old', { sinceMs, untilMs });
    },
    count: (nowMs: number, windowMs: number) => {
      const { accepted, busiestMinute } = recentCount(state, ISSUER, 'old', nowMs, windowMs);
      return [accepted, busiestMinute];
    },
  };
}

t.test('what was accepted counts in its minute, for as long as the window is', (t) => {
  const { note, count } = worldOfUse();
  t.same(count(T0, HOUR), [0, 0]);
  note(10, T0);
  t.same(count(T0, MINUTE), [10, 10]);
  t.same(count(T0 + MINUTE - 1, MINUTE), [10, 10]);
  t.same(count(T0 + MINUTE, MINUTE), [0, 0]);
  t.same(count(T0 + MINUTE, 2 * MINUTE), [10, 10]);
  t.same(count(T0 + MINUTE, MINUTE + 1), [10, 10], 'a minute begun is whole');
  note(13, T0 + MINUTE, null, 10);
  t.same(count(T0 + MINUTE, 2 * MINUTE), [13, 10], 'only what is new is added');
  note(13, T0 + MINUTE, null, 13);
  note(12, T0 + MINUTE, null, 13);
  t.same(count(T0 + MINUTE, HOUR), [13, 10]);
  t.end();
});

t.test('an hour is kept, and the next hour does not bring it back', (t) => {
  const { note, count } = worldOfUse();
  note(10, T0);
  t.same(count(T0 + 59 * MINUTE, HOUR), [10, 10]);
  t.same(count(T0 + 60 * MINUTE, HOUR), [0, 0]);
  t.same(count(T0 + 60 * MINUTE, 9 * HOUR), [0, 0]);
  note(11, T0 + HOUR, null, 10);
  t.same(count(T0 + HOUR, HOUR), [1, 1], 'the same place of the ring');
  note(14, T0 + 59 * MINUTE, null, 11);
  t.same(count(T0 + HOUR, HOUR), [4, 3], 'one that comes late has its own minute');
  note(15, T0 + 5 * HOUR, null, 14);
  t.same(count(T0 + 5 * HOUR, HOUR), [1, 1]);
  t.same(count(T0 + 5 * HOUR - MINUTE, HOUR), [0, 0], 'asked about a moment before');
  t.end();
});

t.test('what a report tells of many minutes is spread over them', (t) => {
  const { note, count } = worldOfUse();
  note(10, T0 + 9 * MINUTE, T0);
  t.same(count(T0 + 9 * MINUTE, HOUR), [10, 1]);
  t.same(count(T0 + 9 * MINUTE, 3 * MINUTE), [3, 1]);
  const long = worldOfUse();
  long.note(120, T0 + 119 * MINUTE, T0);
  t.same(long.count(T0 + 119 * MINUTE, HOUR), [60, 1], 'the half before the hour is history');
  const odd = worldOfUse();
  odd.note(3, T0 + MINUTE, T0);
  t.same(odd.count(T0 + MINUTE, HOUR), [3, 2], 'the busiest minute is rounded up');
  t.end();
});

t.test('kids are counted apart, and the one used longest ago makes room', (t) => {
  const { state, note } = worldOfUse();
  note(1, T0 - MINUTE);
  const other = { kind: 'kid', kid: 'old' } as const;
  const row = {
    issuer: ISSUER,
    key: other,
    outcomes: { ok: 2 },
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs: null,
  };
  for (let i = 1; i < 1_000; i++) {
    noteUse(state, row, undefined, `k${i}`, { sinceMs: null, untilMs: T0 + i });
  }
  t.equal(state.recentUse.size, 1_000);
  t.equal(recentCount(state, ISSUER, 'k7', T0, HOUR).accepted, 2);
  noteUse(state, row, undefined, 'k7', { sinceMs: null, untilMs: T0 });
  t.ok(state.recentUse.has(usageKey(ISSUER, 'old')), 'no room is needed for one that is kept');
  noteUse(state, row, undefined, null, { sinceMs: null, untilMs: T0 });
  t.equal(state.recentUse.size, 1_000);
  t.notOk(state.recentUse.has(usageKey(ISSUER, 'old')));
  t.equal(recentCount(state, ISSUER, null, T0, HOUR).accepted, 2);
  t.end();
});
