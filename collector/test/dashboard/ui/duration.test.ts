import * as fc from 'fast-check';
import t from 'tap';
import { formatDuration } from '../../../src/dashboard/ui/duration.ts';

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

const CASES: readonly (readonly [ms: number, text: string])[] = [
  [0, '0s'],
  [-5 * S, '0s'],
  [999, '0s'],
  [S, '1s'],
  [59 * S + 999, '59s'],
  [M, '1m'],
  [2 * M + 5 * S, '2m 5s'],
  [H, '1h'],
  [H + 5 * S, '1h'],
  [3 * H + 20 * M + 5 * S, '3h 20m'],
  [D + 20 * M, '1d'],
  [3 * D + 4 * H + 59 * M, '3d 4h'],
  [400 * D, '400d'],
];

for (const [ms, text] of CASES) {
  t.test(`${ms} ms is ${text}`, (t) => {
    t.equal(formatDuration(ms), text);
    t.end();
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { d: D, h: H, m: M, s: S };

function read(text: string): readonly number[] {
  return text
    .split(' ')
    .map((part) => Number(part.slice(0, -1)) * (UNIT_MS[part.slice(-1)] ?? NaN));
}

t.test('it says at most two units, and never more than there is', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000 * D }), (ms) => {
      const parts = read(formatDuration(ms));
      if (parts.length > 2) throw new Error('more than two units');
      const said = parts.reduce((sum, part) => sum + part, 0);
      const smallest = parts.at(-1) ?? 0;
      if (said > ms) throw new Error('longer than it is');
      // What is left out is less than one of the unit below the first.
      const bound = parts.length === 2 ? smallest : Math.max(S, said);
      if (ms - said >= Math.max(bound, S)) throw new Error(`leaves out ${ms - said} ms of ${ms}`);
    }),
  );
  t.end();
});
