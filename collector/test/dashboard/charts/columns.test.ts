import t from 'tap';
import { amountText } from '../../../src/dashboard/charts/amount.ts';
import {
  type Column,
  type Columns,
  isBlank,
  latestOf,
  mergeColumns,
  percentOf,
  settledCount,
  sumOf,
  totalOf,
  withoutEarlyZeros,
} from '../../../src/dashboard/charts/columns.ts';

function columns(at: readonly number[], values: Record<string, Column>, settledS = 1e9): Columns {
  return { stepS: 10, at, settledS, values: new Map(Object.entries(values)) };
}

const shown = (merged: Columns | undefined) =>
  merged && { at: merged.at, ...Object.fromEntries(merged.values) };

t.test('a piece takes the place of the end, and what is too old goes', async (t) => {
  const before = columns([10, 20, 30, 40], { a: [1, 2, 3, null], gone: [5, 5, 5, 5] }, 30);
  const piece = columns([30, 40, 50], { a: [33, 44, 55], fresh: [7, null, 9] }, 50);
  t.same(shown(mergeColumns(before, piece, 20)), {
    at: [20, 30, 40, 50],
    a: [2, 33, 44, 55],
    gone: [5, null, null, null],
    fresh: [null, 7, null, 9],
  });
  t.equal(mergeColumns(before, piece, 20)?.settledS, 50);
});

t.test('what does not fit is asked for whole: another step, a hole, another beat', async (t) => {
  const before = columns([10, 20], { a: [1, 2] });
  t.equal(mergeColumns(before, { ...columns([20, 30], { a: [2, 3] }), stepS: 60 }, 0), undefined);
  t.equal(mergeColumns(before, columns([40], { a: [4] }), 0), undefined, 'a gap would be a line');
  t.equal(mergeColumns(before, columns([25], { a: [4] }), 0), undefined);
  t.equal(mergeColumns(columns([], {}), columns([30], { a: [3] }), 0), undefined);
  t.equal(mergeColumns(before, columns([], {}), 0), before, 'nothing new');
  t.same(shown(mergeColumns(before, columns([30], { a: [3] }), 0)), {
    at: [10, 20, 30],
    a: [1, 2, 3],
  });
});

t.test('no data is no zero, in sums and shares', async (t) => {
  t.same(
    sumOf(
      [
        [1, null, null],
        [2, 3, null],
      ],
      3,
    ),
    [3, 3, null],
  );
  t.same(percentOf([1, null, 0, 2], [4, 4, 0, null]), [25, null, null, null]);
  t.equal(latestOf([1, 2, null]), 2);
  t.equal(latestOf([null]), null);
  t.equal(isBlank([null, null]), true);
  t.equal(isBlank([null, 0]), false);
  t.equal(totalOf([1.5, null, 2], 10), 35);
});

t.test('where reports still come in, nothing told yet is unknown', async (t) => {
  const told = columns([10, 20, 30], { a: [0, 0, 4], b: [0, 1, 0] }, 20);
  t.equal(settledCount(told), 1);
  t.same(shown(withoutEarlyZeros(told)), { at: [10, 20, 30], a: [0, null, 4], b: [0, 1, null] });
  t.equal(withoutEarlyZeros(columns([10], { a: [0] })).values.get('a')?.[0], 0, 'settled is zero');
});

t.test('numbers as they are read at a glance', async (t) => {
  for (const [value, text] of [
    [0, '0'],
    [0.0123, '0.012'],
    [0.5, '0.5'],
    [9.999, '10'],
    [12.34, '12.3'],
    [999, '999'],
    [9_994, '9994'],
    [12_345, '12.3 k'],
    [2_500_000, '2.5 M'],
  ] as const) {
    t.equal(amountText(value), text);
  }
});
