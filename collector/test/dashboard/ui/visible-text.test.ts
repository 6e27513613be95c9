import * as fc from 'fast-check';
import t from 'tap';
import { shortText, visibleText } from '../../../src/dashboard/ui/visible-text.ts';

const CASES: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['an ordinary name', 'orders-1', 'orders-1'],
  ['letters of any script', 'служба-ä-鍵', 'служба-ä-鍵'],
  ['markup, which is text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['a newline', 'a\nb', 'a\\u{a}b'],
  ['a zero', 'a\0b', 'a\\u{0}b'],
  ['an override of direction', 'user\u202egnp.exe', 'user\\u{202e}gnp.exe'],
  ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
  ['a width of nothing', 'ad\u200bmin', 'ad\\u{200b}min'],
  ['a separator of lines', 'a\u2028b', 'a\\u{2028}b'],
  ['half a character', 'a\ud800b', 'a\\u{d800}b'],
  ['a letter that looks like nothing', '2026-a\u3164', '2026-a\\u{3164}'],
  ['a selector of variants', '2026-a\ufe0f', '2026-a\\u{fe0f}'],
  ['a blank of another kind', 'a\u00a0b\u2800', 'a\\u{a0}b\\u{2800}'],
  ['a plain blank', 'a b', 'a b'],
  ['a tag character', 'a\u{e0041}b', 'a\\u{e0041}b'],
];

for (const [what, text, shown] of CASES) {
  t.test(`visible: ${what}`, (t) => {
    t.equal(visibleText(text), shown);
    t.end();
  });
}

t.test('nothing that hides or reorders is left, and it is well formed', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = visibleText(text);
      if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown)) throw new Error(JSON.stringify(shown));
      if (!shown.isWellFormed()) throw new Error('half a character');
      if (visibleText(shown) !== shown) throw new Error('said twice it is another text');
    }),
  );
  t.end();
});

t.test('a long text is cut in its middle, never within a character', (t) => {
  t.equal(shortText('x'.repeat(80)), 'x'.repeat(80));
  t.equal(shortText('a'.repeat(60) + 'b'.repeat(60)), `${'a'.repeat(39)}…${'b'.repeat(39)}`);
  t.equal(shortText('👩‍👩‍👧'.repeat(3), 2_000).includes('\\u{200d}'), true);
  const flags = '🇩🇪'.repeat(50);
  t.notMatch(shortText(flags, 21), /\ufffd/);
  t.equal([...new Intl.Segmenter('en').segment(shortText(flags, 21))].length, 21);
  t.end();
});

t.test('cut or not, it keeps both ends and its bound', (t) => {
  const characters = new Intl.Segmenter('en');
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.integer({ min: 9, max: 99 }),
      (text, max) => {
        const short = shortText(text, max);
        const whole = visibleText(text);
        if (!short.includes('…') && short !== whole) throw new Error('cut without a sign');
        if ([...characters.segment(short)].length > max) throw new Error(`longer than ${max}`);
        if (short !== whole && !whole.startsWith(short.split('…')[0] ?? '?'))
          throw new Error('start');
      },
    ),
  );
  t.end();
});
