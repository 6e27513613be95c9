import t from 'tap';
import { GRADES, isAtLeast } from '../../src/model/evidence.ts';

t.test('grades are listed strongest first, and only as strong ones suffice', (t) => {
  t.same(GRADES, ['verified', 'present', 'served', 'fetchable', 'attested', 'timed']);
  for (const [place, grade] of GRADES.entries()) {
    const enough = GRADES.filter((required) => isAtLeast(grade, required));
    t.same(enough, GRADES.slice(place), grade);
  }
  t.end();
});
