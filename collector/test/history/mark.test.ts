import t from 'tap';
import { DETECTOR_MARKS } from '../../src/history/detector-bucket.ts';
import { type Mark, mergeMarks, noteMark } from '../../src/history/mark.ts';

const mark = (score: number, threshold: number, firing = false): Mark => ({
  score,
  threshold,
  firing,
});

t.test('of several marks the peak stays, the last threshold, and that it fired', async (t) => {
  const marks = new Map<string, Mark>();
  noteMark(marks, 'all', mark(3, 20));
  noteMark(marks, 'all', mark(25, 20, true));
  noteMark(marks, 'all', mark(7, 21));
  t.strictSame(marks.get('all'), mark(25, 21, true));
});

t.test('a merge changes neither part', async (t) => {
  const earlier = new Map([['all', mark(9, 20)]]);
  const later = new Map([
    ['all', mark(1, 22)],
    ['next', mark(2, 23)],
  ]);
  const merged = mergeMarks(earlier, later);
  t.strictSame(
    [...merged],
    [
      ['all', mark(9, 22)],
      ['next', mark(2, 23)],
    ],
  );
  t.strictSame(earlier.get('all'), mark(9, 20));
  t.strictSame(later.get('all'), mark(1, 22));
});

t.test('it comes back from its record, to a thousandth', async (t) => {
  const bucket = { watchedMs: 10_000, marks: new Map([['all', mark(1.23456, 20, true)]]) };
  const text = JSON.stringify(DETECTOR_MARKS.toJson(bucket));
  const back = DETECTOR_MARKS.fromJson(JSON.parse(text));
  t.strictSame(back, { watchedMs: 10_000, marks: new Map([['all', mark(1.235, 20, true)]]) });
  t.equal(DETECTOR_MARKS.fromJson({ v: 1, w: 1, m: [['nothing', [1, 2, true]]] }), undefined);
});
