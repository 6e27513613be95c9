import fc from 'fast-check';
import t from 'tap';
import {
  algProblem,
  ID_LIMITS,
  nameProblem,
  textProblem,
  verifierKey,
} from '../../src/model/ids.ts';

t.test('names keep to a plain alphabet', (t) => {
  const good = ['a', 'checkout', 'pod-7f9c.eu_1', 'spiffe:x@y', 'A9', 'n'.repeat(64)];
  for (const name of good) t.equal(nameProblem(name, 64), undefined, name);
  const bad: readonly (readonly [string, string])[] = [
    ['', 'expected a name, got an empty string'],
    ['n'.repeat(65), 'expected at most 64 bytes, got 65'],
    ['-a', 'expected letters, digits'],
    ['a.', 'expected letters, digits'],
    ['a b', 'expected letters, digits'],
    ['a/b', 'expected letters, digits'],
    ['a\n', 'expected letters, digits'],
    ['<script>', 'expected letters, digits'],
    ['größe', 'expected letters, digits'],
  ];
  for (const [name, sentence] of bad)
    t.match(nameProblem(name, 64), sentence, JSON.stringify(name));
  t.end();
});

t.test('a kid or issuer may be in any script, but nothing that hides', (t) => {
  for (const text of ['k1', 'https://issuer.example/a?b=c', 'ключ', '鍵 1', '<b>', "'--", '🔑']) {
    t.equal(textProblem(text, 128), undefined, text);
  }
  const hidden = [
    '\u0000',
    '\u001b[31m',
    '\n',
    '\u0085',
    '\u00ad',
    '\u200b',
    '\u2028',
    '\u202e',
    '\u2066',
    '\ufeff',
    '\ud800',
    '\u{e0041}',
  ];
  for (const character of hidden) {
    t.equal(
      textProblem(`a${character}b`, 128),
      'expected printable characters only',
      // The name goes into a line of its own, which the character itself might break.
      `U+${character.codePointAt(0)?.toString(16) ?? ''}`,
    );
  }
  t.equal(textProblem('', 128), 'expected text, got an empty string');
  t.equal(textProblem('é'.repeat(65), 128), 'expected at most 128 bytes, got 130');
  t.end();
});

t.test('algorithm names', (t) => {
  for (const alg of ['', 'RS256', 'EdDSA', 'ECDH-ES+A256KW', 'SLH-DSA-SHA2-128s']) {
    t.equal(algProblem(alg), undefined, alg);
  }
  for (const alg of ['RS 256', 'RS256\n', 'ü', 'A'.repeat(ID_LIMITS.algBytes + 1)]) {
    t.type(algProblem(alg), 'string', JSON.stringify(alg));
  }
  t.end();
});

t.test('two verifiers have one key only when they are the same', (t) => {
  const name = fc
    .string({ maxLength: 6 })
    .filter((text) => nameProblem(text, ID_LIMITS.cacheBytes) === undefined);
  const id = fc.record({ service: name, instance: name, cache: name });
  fc.assert(
    fc.property(id, id, (a, b) => {
      const same = a.service === b.service && a.instance === b.instance && a.cache === b.cache;
      return (verifierKey(a) === verifierKey(b)) === same;
    }),
  );
  t.end();
});
