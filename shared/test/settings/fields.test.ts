import t from 'tap';
import type { z } from 'zod';
import {
  address,
  fetchUrl,
  integer,
  issuerName,
  matching,
  name,
  oneOf,
  text,
} from '../../src/settings/fields.ts';

const HEX = matching(/^[\da-f]{4}$/, '4 hex digits');

const TAKEN: readonly [z.ZodType, unknown, unknown][] = [
  [address('a:1'), '[::1]:7', { host: '::1', port: 7 }],
  [name(64), 'orders-1', 'orders-1'],
  [text('a path'), '/etc/a b', '/etc/a b'],
  [HEX, '00ff', '00ff'],
  [issuerName, 'issuer.example', 'issuer.example'],
  [fetchUrl, 'HTTPS://A.example', 'HTTPS://A.example'],
  [integer(1, 3), 3, 3],
  [oneOf(['a', 'b']), 'b', 'b'],
];

const REFUSED: readonly [z.ZodType, unknown, string][] = [
  [address('a:1'), 7, 'expected host:port such as a:1, got 7'],
  [name(64), 7, 'expected a name (put numbers in quotes), got 7'],
  [name(64), '', 'expected a name, got an empty string'],
  [name(4), 'orders', 'expected at most 4 bytes, got 6'],
  [
    name(64),
    'a b',
    'expected letters, digits and . _ : @ - only, starting and ending with a letter or digit, got "a b"',
  ],
  [text('a path'), undefined, 'expected a path, got nothing'],
  [text('a path'), '', 'expected text, got an empty string'],
  [text('a path', 3), 'abcd', 'expected at most 3 bytes, got 4'],
  [text('a path'), 'a\nb', 'expected printable characters only, got "a\\nb"'],
  [HEX, 'xyz', 'expected 4 hex digits, got "xyz"'],
  [HEX, null, 'expected 4 hex digits, got null'],
  [
    issuerName,
    undefined,
    'expected the exact `iss` string, such as https://login.example.com, got nothing',
  ],
  [fetchUrl, 'a.example', 'expected an http or https URL, got "a.example"'],
  [fetchUrl, 'ftp://a.example', 'expected an http or https URL, got "ftp://a.example"'],
  [
    fetchUrl,
    'https://me:s3cret@a.example',
    'expected a URL without a user name or password, got one that has them',
  ],
  [fetchUrl, 'https://a/#b', 'expected a URL without #fragment, got "https://a/#b"'],
  [integer(1, 3), 1.5, 'expected a whole number from 1 to 3, got 1.5'],
  [integer(1, 3), '2', 'expected a whole number from 1 to 3, got "2"'],
  [oneOf(['a', 'b']), 'c', 'expected one of a, b, got "c"'],
];

t.test('what is taken, and as what', async (t) => {
  for (const [schema, given, value] of TAKEN) t.same(schema.parse(given), value, String(given));
});

t.test('what is refused, with one sentence', async (t) => {
  for (const [schema, given, sentence] of REFUSED) {
    const issues = schema.safeParse(given).error?.issues ?? [];
    t.same(
      issues.map(({ message }) => message),
      [sentence],
    );
  }
});
