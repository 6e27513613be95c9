import t from 'tap';
import { spread, tableOf, withSection } from './end-to-end-page.ts';

t.test('the spread of some delays', async (t) => {
  const seconds = Array.from({ length: 20 }, (_, at) => (20 - at) * 1_000);
  t.equal(spread(seconds), '1.0 | 11.0 | 20.0 | 20.0');
  t.equal(spread([1_540]), '1.5 | 1.5 | 1.5 | 1.5');
  t.equal(spread([]), '– | – | – | –');
});

t.test('what did not come is counted, not left out', async (t) => {
  const table = tableOf({
    ways: [{ name: 'a way', delaysMs: [1_000, null, 3_000] }],
    foundMs: [900],
    deliveredMs: [100],
  });
  t.match(table, '| a way | 1.0 | 3.0 | 3.0 | 3.0 | 2 of 3 |');
});

t.test('the section is put in, and replaced, and the others stay', async (t) => {
  const section = '## End to end\n\nnew\n';
  t.equal(withSection('# Detection\n', section), '# Detection\n\n## End to end\n\nnew\n');
  const before = '# Detection\n\n## End to end\n\nold\n\n### part\n\n## After\n\nstays\n';
  t.equal(
    withSection(before, section),
    '# Detection\n\n## End to end\n\nnew\n\n## After\n\nstays\n',
  );
  t.equal(withSection(withSection(before, section), section), withSection(before, section));
});
