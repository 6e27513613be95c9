import t from 'tap';
import { formatSpan } from '../../../src/core/observed/span.ts';

t.test('a duration in a sentence', (t) => {
  const rows: [number, string][] = [
    [-5_000, '0s'],
    [0, '0s'],
    [999, '0s'],
    [1_000, '1s'],
    [61_500, '1m 1s'],
    [3_600_000, '1h'],
    [3_661_000, '1h 1m'],
    [3_601_000, '1h 1s'],
    [90_061_000, '1d 1h'],
    [86_400_000 * 30, '30d'],
  ];
  for (const [ms, expected] of rows) t.equal(formatSpan(ms), expected, String(ms));
  t.end();
});
