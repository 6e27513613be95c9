import fc from 'fast-check';
import t from 'tap';
import { parseJwks } from '../../src/jwks/parse.ts';

const member = fc.constantFrom(
  'kty',
  'kid',
  'alg',
  'use',
  'crv',
  'x',
  'y',
  'n',
  'e',
  'd',
  'key_ops',
  '__proto__',
);
const value = fc.oneof(
  fc.constantFrom('RSA', 'EC', 'OKP', 'P-256', 'Ed25519', 'sig', 'a', 'AQAB', ''),
  fc.jsonValue(),
);

// Written out member by member, so that `__proto__` and repeated members are in the text too.
const object = fc
  .array(fc.tuple(member, value))
  .map((members) =>
    members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(),
  )
  .map((members) => `{${members}}`);
const entry = fc.oneof(
  { weight: 4, arbitrary: object },
  { weight: 1, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
);

void t.test('whatever the bytes are, there is an answer', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      parseJwks(bytes);
    }),
  );
  t.end();
});

void t.test(
  'every entry is a key, is left out, or repeats one; no private member gets through',
  (t) => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        const text = `{"keys":[${entries.join()}]}`;
        const parsed = parseJwks(Buffer.from(text));
        if (!parsed.ok) return parsed.message.length > 0;
        const { keys } = JSON.parse(text) as { keys: readonly object[] };
        const kids = parsed.keys.map((key) => key.kid);
        return (
          parsed.keys.length + parsed.untrackedKeys <= keys.length &&
          new Set(kids).size === kids.length &&
          parsed.keys.every((key) => /^[\w-]{43}$/.test(key.thumbprint)) &&
          !keys.some((key) => Object.hasOwn(key, 'd'))
        );
      }),
      { numRuns: 500 },
    );
    t.end();
  },
);

void t.test('the order of members and entries changes no thumbprint', (t) => {
  const x = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('base64url'));
  fc.assert(
    fc.property(fc.uniqueArray(x, { minLength: 1, maxLength: 5 }), (points) => {
      const keys = points.map((x, i) => ({ kty: 'OKP', crv: 'Ed25519', x, kid: `k${i}` }));
      const turned = keys
        .map(({ kty, crv, x, kid }) => ({ kid, x, crv, kty, use: 'sig' }))
        .toReversed();
      const [one, two] = [keys, turned].map((keys) =>
        parseJwks(Buffer.from(JSON.stringify({ keys }))),
      );
      if (one?.ok !== true || two?.ok !== true) return false;
      return JSON.stringify(one.keys) === JSON.stringify(two.keys.toReversed());
    }),
  );
  t.end();
});
