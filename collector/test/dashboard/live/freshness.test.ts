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
