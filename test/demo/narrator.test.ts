import fc from 'fast-check';
import t from 'tap';
import { wrap } from './narrator.ts';

t.test('wrapping keeps every word, the indent and the width', async (t) => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 40 }),
      fc.nat(6),
      fc.integer({ min: 30, max: 100 }),
      (words, indent, width) => {
        const lines = wrap(' '.repeat(indent) + words.join(' '), width);
        const kept = lines.flatMap((line) => line.trim().split(' '));
        return (
          JSON.stringify(kept) === JSON.stringify(words) &&
          lines.every((line) => line.length <= width && line.startsWith(' '.repeat(indent)))
        );
      },
    ),
  );
  t.strictSame(wrap('  ✗ time: a b', 9), ['  ✗ time:', '    a b']);
});
