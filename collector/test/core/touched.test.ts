import t from 'tap';
import { Touched } from '../../src/core/touched.ts';

t.test('what may have broken something is told apart, once', (t) => {
  const touched = new Touched();
  touched.addImproved('better');
  t.equal(touched.add('any'), touched);
  touched.add('any');
  t.same([...touched], ['better', 'any'], 'both are looked at');
  t.same(touched.takeShaken(), ['any']);
  t.same(touched.takeShaken(), []);
  touched.add('better');
  t.same(touched.takeShaken(), ['better']);
  t.equal(touched.size, 2);
  t.end();
});
