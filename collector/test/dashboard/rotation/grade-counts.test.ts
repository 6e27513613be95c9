import t from 'tap';
import { gradeShares } from '../../../src/dashboard/pages/rotation/grade-counts.ts';

t.test('strongest evidence first, and all add up to what there should be', async (t) => {
  const { shares, expected } = gradeShares({
    expected: 10,
    satisfied: 5,
    by_grade: { silent: 1, present: 5, never_seen: 2 },
  });
  t.equal(expected, 10);
  t.same(
    shares.map(({ grade, count }) => [grade, count]),
    [
      ['present', 5],
      ['silent', 1],
      ['never seen', 2],
      ['no grade', 2],
    ],
  );
  t.equal(
    shares.reduce((sum, { share }) => sum + share, 0),
    1,
  );
});

t.test('more than were expected, a grade nobody knows, and nobody at all', async (t) => {
  const more = gradeShares({ expected: 1, satisfied: 1, by_grade: { verified: 2, '"><b>': 1 } });
  t.equal(more.expected, 3);
  t.match(more.shares[1], { grade: '"><b>', look: 'other' });
  t.same(gradeShares({ expected: 0, satisfied: 0, by_grade: {} }).shares, []);
});
