import * as fc from 'fast-check';
import t from 'tap';
import { freshness, type Hearing } from '../../../src/dashboard/live/freshness.ts';

const SEEN = { hidden: false, hasFailed: false };
const HIDDEN = { hidden: true, hasFailed: false };

const CASES: readonly (readonly [
  what: string,
  hearing: Omit<Hearing, 'heardAtMs'>,
  ageMs: number | null,
  kind: string,
])[] = [
  ['never heard', SEEN, null, 'connecting'],
  ['never heard, out of sight', { ...HIDDEN, hasFailed: true }, null, 'connecting'],
  ['heard a moment ago', SEEN, 1_000, 'live'],
  ['at the limit', SEEN, 5_000, 'live'],
  ['beyond it', SEEN, 5_001, 'stale'],
  ['out of sight, between two questions', HIDDEN, 15_000, 'live'],
  ['out of sight, let run once a minute', HIDDEN, 61_000, 'live'],
  ['out of sight, not run for longer', HIDDEN, 90_001, 'stale'],
  ['out of sight, asked and not answered', { ...HIDDEN, hasFailed: true }, 15_000, 'stale'],
  ['back in sight after long', SEEN, 15_000, 'stale'],
];

for (const [what, hearing, ageMs, kind] of CASES) {
  t.test(what, (t) => {
    const nowMs = 1_000_000;
    const heardAtMs = ageMs === null ? null : nowMs - ageMs;
    t.equal(freshness({ ...hearing, heardAtMs }, nowMs).kind, kind);
    t.end();
  });
}

t.test('what is stale does not become live by waiting', (t) => {
  const hearing = fc.record({ hidden: fc.boolean(), hasFailed: fc.boolean() });
  const ms = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(hearing, ms, ms, ms, (how, heardAtMs, aMs, bMs) => {
      const [sooner, later] = [heardAtMs + Math.min(aMs, bMs), heardAtMs + Math.max(aMs, bMs)];
      const before = freshness({ ...how, heardAtMs }, sooner);
      const after = freshness({ ...how, heardAtMs }, later);
      if (before.kind === 'stale' && after.kind !== 'stale') throw new Error('fresh again');
      if (later - heardAtMs > 90_000 && after.kind !== 'stale') throw new Error('never stale');
    }),
  );
  t.end();
});
