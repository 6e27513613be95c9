import t from 'tap';
import { isForgotten } from '../../../src/dashboard/acts/forget-rule.ts';

const MINUTE_MS = 60_000;

const CASES: readonly (readonly [
  what: string,
  usedMin: number,
  hiddenMin: number | null,
  forgotten: boolean,
])[] = [
  ['just used', 0, null, false],
  ['used within a quarter of an hour', 14.9, null, false],
  ['not used for a quarter of an hour', 15, null, true],
  ['out of sight for a while', 10, 4.9, false],
  ['out of sight for long', 10, 5, true],
];

for (const [what, usedMin, hiddenMin, forgotten] of CASES) {
  t.test(what, (t) => {
    const nowMs = 100 * MINUTE_MS;
    const usedAtMs = nowMs - usedMin * MINUTE_MS;
    const hiddenSinceMs = hiddenMin === null ? null : nowMs - hiddenMin * MINUTE_MS;
    t.equal(isForgotten({ usedAtMs, hiddenSinceMs }, nowMs), forgotten);
    t.end();
  });
}
