import t from 'tap';
import { span } from '../../src/report/span.ts';

t.test('lengths of time for a person', (t) => {
  const table: readonly [number, string][] = [
    [0, '0 ms'],
    [994, '994 ms'],
    [-6, '-6 ms'],
    [1_000, '1 s'],
    [6_604, '6.6 s'],
    [59_949, '59.9 s'],
    [59_999, '1 m'],
    [60_000, '1 m'],
    [3_723_000, '1 h 2 m 3 s'],
    [86_400_000, '1 d'],
    [90_061_000, '1 d 1 h 1 m'],
    [-7_200_000, '-2 h'],
  ];
  for (const [ms, text] of table) t.equal(span(ms), text, `${ms}`);
  t.end();
});
