import t from 'tap';
import { readInTurn } from '../../src/api/history-stretch.ts';

const DAY_S = 86_400;

t.test('a month has its turn, however wide the steps it is asked for in', async (t) => {
  const inTurn: boolean[] = [];
  for (const [toS, stepS] of [
    [30 * DAY_S, 0],
    [30 * DAY_S, DAY_S],
    [3_600, DAY_S],
    [1_200, 0],
  ] as const) {
    let waited = false;
    const heavy = {
      run: <T>(work: () => Promise<T>): Promise<T> => {
        waited = true;
        return work();
      },
    };
    await readInTurn(heavy, { fromS: 0, toS, points: 1, stepS }, async () => 0);
    inTurn.push(waited);
  }
  t.strictSame(inTurn, [true, true, false, false]);
});
