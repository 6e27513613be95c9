import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openReceiptKeys, replaceReceiptKey } from '../../src/receipt/receipt-keys.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function filesOf(directory: string): string[] {
  return readdirSync(path.join(directory, 'receipt-keys'))
    .sort()
    .map((name) => path.join(directory, 'receipt-keys', name));
}

t.test('made on the first start, kept on the next, for its owner alone', async (t) => {
  const directory = t.testdir();
  const first = openReceiptKeys(directory, NOW_MS);
  t.equal(first.created, true);
  const [file = '', ...others] = filesOf(directory);
  t.same(others, []);
  t.equal(path.basename(file), `${first.current.kid}.json`);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
  const second = openReceiptKeys(directory, NOW_MS + 5_000);
  t.equal(second.created, false);
  t.equal(second.current.kid, first.current.kid);
  t.same(second.jwks, first.jwks);
});

t.test('the published set has no private half', async (t) => {
  const directory = t.testdir();
  openReceiptKeys(directory, NOW_MS);
  const { jwks } = replaceReceiptKey(directory, NOW_MS + 1);
  t.equal(jwks.keys.length, 2);
  for (const key of jwks.keys) {
    t.same(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  }
});

t.test(
  'replaced: the new one signs, the old one stays published without its private half',
  async (t) => {
    const directory = t.testdir();
    const first = openReceiptKeys(directory, NOW_MS);
    // The clock was set back in between.
    const second = replaceReceiptKey(directory, NOW_MS - 1_000_000);
    t.not(second.current.kid, first.current.kid);
    t.same(
      second.jwks.keys.map((key) => key.kid),
      [second.current.kid, first.current.kid],
      'newest first',
    );
    const bodies = filesOf(directory).map((file) => JSON.parse(readFileSync(file, 'utf8')));
    t.equal(bodies.filter((body) => 'd' in body.key).length, 1);
    const third = openReceiptKeys(directory, NOW_MS);
    t.equal(third.current.kid, second.current.kid);
    t.equal(third.created, false);
  },
);

t.test('a replacement that was cut short is finished', async (t) => {
  const directory = t.testdir();
  const first = openReceiptKeys(directory, NOW_MS);
  const [file = ''] = filesOf(directory);
  const before = readFileSync(file);
  const second = replaceReceiptKey(directory, NOW_MS + 1);
  writeFileSync(file, before);
  const third = openReceiptKeys(directory, NOW_MS + 2);
  t.equal(third.current.kid, second.current.kid);
  t.notMatch(readFileSync(file, 'utf8'), /"d"/);
  t.equal(third.jwks.keys.length, 2);
  t.ok(third.jwks.keys.some((key) => key.kid === first.current.kid));
});

t.test('with only public halves left, a new key is made and the old ones stay', async (t) => {
  const directory = t.testdir();
  const first = openReceiptKeys(directory, NOW_MS);
  const second = replaceReceiptKey(directory, NOW_MS + 1);
  unlinkSync(path.join(directory, 'receipt-keys', `${second.current.kid}.json`));
  const third = openReceiptKeys(directory, NOW_MS + 2);
  t.equal(third.created, true);
  t.same(
    third.jwks.keys.map((key) => key.kid),
    [third.current.kid, first.current.kid],
  );
});

t.test('files that are refused, with what to do', async (t) => {
  const body = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
  const cases: readonly [string, (file: string) => void, RegExp][] = [
    [
      'others may read it',
      (f) => chmodSync(f, 0o644),
      /mode 644\): run `chmod 600 .*new-receipt-key/,
    ],
    ['cut', (f) => writeFileSync(f, readFileSync(f).subarray(0, 40)), /damaged: it is not JSON/],
    ['empty', (f) => writeFileSync(f, ''), /damaged: it is not JSON/],
    ['zeros', (f) => writeFileSync(f, Buffer.alloc(300)), /damaged: it is not JSON/],
    ['huge', (f) => writeFileSync(f, 'x'.repeat(5_000)), /damaged: it is not JSON/],
    [
      'no key',
      (f) => writeFileSync(f, '{"created_at":"2026-01-01T00:00:00.000Z"}'),
      /no|not hold a P-256 key/,
    ],
    [
      'another key under its name',
      (f) => {
        const directory = path.join(path.dirname(f), '..', '..', 'other');
        mkdirSync(directory, { recursive: true });
        const { jwk } = openReceiptKeys(directory, NOW_MS).current;
        writeFileSync(f, JSON.stringify({ ...body(f), key: jwk }));
      },
      /not the one it is named after/,
    ],
    [
      'halves of two keys',
      (f) => {
        const directory = path.join(path.dirname(f), '..', '..', 'twin');
        mkdirSync(directory, { recursive: true });
        openReceiptKeys(directory, NOW_MS);
        const [twin = ''] = filesOf(directory);
        const mine = body(f);
        writeFileSync(f, JSON.stringify({ ...mine, key: { ...mine.key, d: body(twin).key.d } }));
      },
      /damaged/,
    ],
    [
      'not on the curve',
      (f) => {
        const mine = body(f);
        writeFileSync(f, JSON.stringify({ ...mine, key: { ...mine.key, y: mine.key.x } }));
      },
      /damaged/,
    ],
  ];
  for (const [name, damage, message] of cases) {
    const directory = path.join(t.testdir({ data: {} }), 'data');
    openReceiptKeys(directory, NOW_MS);
    const [file = ''] = filesOf(directory);
    const secret = body(file).key.d as string;
    damage(file);
    const before = readFileSync(file);
    try {
      openReceiptKeys(directory, NOW_MS);
      t.fail(`${name}: not refused`);
    } catch (error) {
      t.match(error, { code: 'RECEIPT_KEY', message }, name);
      t.match((error as Error).message, file.slice(-30), `${name}: names the file`);
      t.notMatch((error as Error).message, secret, `${name}: does not show the key`);
    }
    t.same(readFileSync(file), before, `${name}: left as it was`);
  }
});

t.test('a directory that cannot be used', async (t) => {
  const directory = t.testdir({ 'receipt-keys': 'a file' });
  t.throws(() => openReceiptKeys(directory, NOW_MS), {
    code: 'RECEIPT_KEY',
    message: /receipt-keys/,
  });
});
