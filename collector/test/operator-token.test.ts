import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openOperatorToken } from '../src/operator-token.ts';

t.test('made on the first start, kept on the next', async (t) => {
  const directory = t.testdir();
  const first = openOperatorToken({ kind: 'generated' }, directory);
  t.equal(first.created, true);
  t.equal(first.file, path.join(directory, 'operator-token'));
  t.strictSame(readdirSync(directory), ['operator-token']);
  t.equal(statSync(path.join(directory, 'operator-token')).mode & 0o777, 0o600);
  const token = readFileSync(path.join(directory, 'operator-token'), 'utf8').trim();
  t.match(token, /^[\w-]{43}$/);
  t.ok(first.matches(token));

  const second = openOperatorToken({ kind: 'generated' }, directory);
  t.equal(second.created, false);
  t.ok(second.matches(token));
  for (const wrong of [
    '',
    ' ',
    token.slice(1),
    `${token} `,
    token.toUpperCase(),
    'x'.repeat(9_999),
  ]) {
    t.notOk(second.matches(wrong), JSON.stringify(wrong.slice(0, 50)));
  }
});

t.test('two installations have two tokens', async (t) => {
  const [a, b] = ['a', 'b'].map((name) => {
    const directory = path.join(t.testdir({ a: {}, b: {} }), name);
    openOperatorToken({ kind: 'generated' }, directory);
    return readFileSync(path.join(directory, 'operator-token'), 'utf8');
  });
  t.not(a, b);
});

t.test('given and from a file', async (t) => {
  t.ok(
    openOperatorToken({ kind: 'given', token: 'given-given-given-given' }, '/none').matches(
      'given-given-given-given',
    ),
  );
  const file = path.join(t.testdir(), 'secret');
  writeFileSync(file, 'from-a-file-from-a-file\r\n', { mode: 0o600 });
  const token = openOperatorToken({ kind: 'file', file }, '/none');
  t.ok(token.matches('from-a-file-from-a-file'));
  t.equal(token.file, file);
});

t.test('files that are refused', async (t) => {
  const cases: readonly [string, (file: string) => void, RegExp][] = [
    [
      'group may read',
      (f) => (writeFileSync(f, 'x'.repeat(43)), chmodSync(f, 0o640)),
      /mode 640\): run `chmod 600 /,
    ],
    ['all may read', (f) => (writeFileSync(f, 'x'.repeat(43)), chmodSync(f, 0o644)), /mode 644/],
    ['missing', () => undefined, /cannot be read from .*ENOENT/],
    ['a directory', (f) => (mkdirSync(f), chmodSync(f, 0o700)), /EISDIR|holds no operator token/],
    ['empty', (f) => writeFileSync(f, '', { mode: 0o600 }), /expected one line of 20 to 512/],
    ['too short', (f) => writeFileSync(f, 'short-secret', { mode: 0o600 }), /got 12\./],
    [
      'two lines',
      (f) => writeFileSync(f, `${'a'.repeat(30)}\n${'b'.repeat(30)}`, { mode: 0o600 }),
      /one line/,
    ],
    [
      'huge',
      (f) => writeFileSync(f, 'x'.repeat(10_000), { mode: 0o600 }),
      /holds no operator token/,
    ],
  ];
  for (const [name, make, message] of cases) {
    await t.test(name, async (t) => {
      const file = path.join(t.testdir(), 'token');
      make(file);
      t.throws(() => openOperatorToken({ kind: 'file', file }, '/none'), {
        code: 'OPERATOR_TOKEN',
        message,
      });
    });
  }
});

t.test('a data directory that cannot be written', async (t) => {
  t.throws(() => openOperatorToken({ kind: 'generated' }, '/proc'), {
    code: 'OPERATOR_TOKEN',
    message: /cannot be written to \/proc\/operator-token: .*KEYTURN_OPERATOR_TOKEN/,
  });
});
