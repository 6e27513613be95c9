import t from 'tap';
import { recentFailures } from '../../../../src/dashboard/pages/verifier/recent-failures.ts';

const history = (attributable: number[]) => ({
  minutes: {
    at: attributable.map((_, index) => 600 + index * 60),
    ok: [],
    attributable,
    other: [],
  },
});

const CASES = [
  ['not read yet', undefined, false, null],
  ['nothing failed', history([3, 0, 0]), false, 0],
  ['just before the minute changed', history([0, 2, 0]), false, 2],
  ['now', history([0, 0, 1]), false, 1],
  ['nothing failed when last read', history([0, 0, 0]), true, null],
  ['it failed when last read', history([0, 0, 1]), true, 1],
  ['no minute at all', history([]), false, 0],
] as const;

for (const [what, heard, failed, count] of CASES) {
  t.test(what, async (t) => {
    t.equal(recentFailures(heard, failed), count);
  });
}
