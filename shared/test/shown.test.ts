import fc from 'fast-check';
import t from 'tap';
import { plainText, shown } from '../src/shown.ts';

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

t.test('what is shown', (t) => {
  const rows: readonly (readonly [unknown, string])[] = [
    ['k1', '"k1"'],
    ['say "hi"\n', '"say \\"hi\\"\\n"'],
    ['a\u202eb', '"a\\u{202e}b"'],
    ['k'.repeat(61), `"${'k'.repeat(60)}…"`],
    [undefined, 'nothing'],
    [null, 'null'],
    [-0.5, '-0.5'],
    [10n ** 80n, `1${'0'.repeat(59)}…`],
    [Buffer.alloc(31), '31 bytes'],
    [[1, 2], 'a list of 2'],
    [{ secret: 1 }, 'an object'],
    [shown, 'a function'],
  ];
  for (const [value, text] of rows) t.equal(shown(value), text);
  t.end();
});

t.test('anything is shown in one short printable line', (t) => {
  const anything = fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 200 }));
  fc.assert(
    fc.property(anything, (value) => {
      const text = shown(value);
      return text.length < 600 && !UNPRINTABLE.test(text);
    }),
  );
  t.end();
});

t.test('plain text is one printable line of at most so many bytes', (t) => {
  t.equal(plainText('one\ntwo\u202e', 64), 'one two ');
  t.equal(plainText('größe', 4), 'grö');
  t.equal(plainText('🔑🔑', 7), '🔑');
  t.equal(plainText('key', 0), '');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.nat({ max: 80 }), (text, max) => {
      const plain = plainText(text, max);
      return (
        Buffer.byteLength(plain) <= max && !UNPRINTABLE.test(plain) && !plain.includes('\ufffd')
      );
    }),
  );
  t.end();
});
