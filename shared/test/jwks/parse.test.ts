import { createHash, generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { fetchErrorOf, parseJwks, type JwksError } from '../../src/jwks/parse.ts';
import { thumbprint } from '../../src/jwks/thumbprint.ts';

// RFC 7638 section 3.1.
const RFC_7638_KEY = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
} as const;

const EC = publicJwk(
  'EC',
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
);
const EC_OTHER = publicJwk(
  'EC',
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
);
const ED = publicJwk('OKP', generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }));
const X25519 = publicJwk('OKP', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }));

function publicJwk(kty: string, jwk: object): Record<string, unknown> {
  return { ...jwk, kty };
}

function parse(document: unknown) {
  return parseJwks(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
}

void t.test('thumbprint', (t) => {
  t.equal(
    thumbprint(RFC_7638_KEY),
    'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    'RFC 7638 section 3.1',
  );
  t.equal(
    // RFC 8037 appendix A.3.
    thumbprint({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }),
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
  t.equal(
    thumbprint({ ...RFC_7638_KEY, use: 'sig', extra: 1 }),
    thumbprint(RFC_7638_KEY),
    'other members do not count',
  );
  for (const [why, jwk] of [
    ['unknown type', { kty: 'DSA', y: 'AQAB' }],
    ['no type', {}],
    ['type is no string', { kty: { toString: 'RSA' } }],
    ['member missing', { kty: 'RSA', e: 'AQAB' }],
    ['member is no string', { kty: 'RSA', e: 65537, n: 'AQAB' }],
    ['empty member', { kty: 'RSA', e: '', n: 'AQAB' }],
    ['padding', { kty: 'RSA', e: 'AQAB', n: 'AQ==' }],
    ['plain base64', { kty: 'RSA', e: 'AQAB', n: '+/+/' }],
    ['left-over bits', { kty: 'RSA', e: 'AQAB', n: 'AR' }],
  ] as const) {
    t.equal(thumbprint(jwk), undefined, why);
  }
  t.end();
});

void t.test('a key set is read', (t) => {
  const text = JSON.stringify({ keys: [RFC_7638_KEY, { ...EC, kid: 'e1' }, { ...ED, kid: 'o1' }] });
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.message);
  t.strictSame(parsed.keys, [
    { kid: '2011-04-29', thumbprint: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', alg: 'RS256' },
    { kid: 'e1', thumbprint: thumbprint(EC), alg: 'ES256' },
    { kid: 'o1', thumbprint: thumbprint(ED), alg: 'EdDSA' },
  ]);
  t.equal(parsed.untrackedKeys, 0);
  t.equal(parsed.sha256, createHash('sha256').update(text).digest('hex'));
  t.end();
});

void t.test('entries that cannot be tracked are counted, not refused', (t) => {
  for (const [why, entry] of [
    ['no kid', EC],
    ['kid is a number', { ...EC, kid: 7 }],
    ['empty kid', { ...EC, kid: '' }],
    ['kid of 1 MB', { ...EC, kid: 'k'.repeat(1_000_000) }],
    ['kid with a control character', { ...EC, kid: 'a\nb' }],
    ['kid that reorders text', { ...EC, kid: 'a\u202eb' }],
    ['unknown kty', { kty: 'XYZ', kid: 'x' }],
    ['no kty', { kid: 'x' }],
    ['kty __proto__', '{"keys":[{"kty":"__proto__","kid":"x"}]}'],
    ['for encryption', { ...EC, kid: 'x', use: 'enc' }],
    ['encryption algorithm', { ...EC, kid: 'x', alg: 'ECDH-ES+A256KW' }],
    ['algorithm of shared secrets on a public key', { ...EC, kid: 'x', alg: 'HS256' }],
    ['key agreement curve', { ...X25519, kid: 'x' }],
    ['operations without verify', { ...EC, kid: 'x', key_ops: ['encrypt'] }],
  ] as const) {
    const parsed = parseJwks(
      Buffer.from(typeof entry === 'string' ? entry : JSON.stringify({ keys: [entry] })),
      { bytesMax: 2_000_000, keysMax: 10 },
    );
    t.match(parsed, { ok: true, keys: { length: 0 }, untrackedKeys: 1 }, why);
  }
  t.match(parse({ keys: [] }), { ok: true, keys: [], untrackedKeys: 0 }, 'an empty set is a set');
  t.end();
});

void t.test('documents that are refused', (t) => {
  const many = { keys: Array.from({ length: 1_001 }, () => ({})) };
  const rows: readonly (readonly [string, string | object, JwksError, RegExp])[] = [
    ['not JSON', '<html>', 'not_json', /JSON/],
    ['empty', '', 'not_json', /JSON/],
    ['cut off', '{"keys":[', 'not_json', /JSON/],
    ['byte order mark', '\ufeff{"keys":[]}', 'not_json', /JSON/],
    ['array', '[]', 'not_a_key_set', /"keys"/],
    ['null', 'null', 'not_a_key_set', /"keys"/],
    ['no keys', {}, 'not_a_key_set', /"keys"/],
    ['keys an object', { keys: {} }, 'not_a_key_set', /"keys"/],
    ['key is null', { keys: [EC, null] }, 'not_a_key_set', /keys\[1\]/],
    ['key is a string', { keys: ['x'] }, 'not_a_key_set', /keys\[0\]/],
    ['key is an array', { keys: [[]] }, 'not_a_key_set', /keys\[0\]/],
    ['too many keys', many, 'too_many_keys', /at most 1000 keys, got 1001/],
    ['too large', 'x'.repeat(1_048_577), 'too_large', /at most 1048576 bytes, got 1048577/],
    [
      'same kid, other key',
      {
        keys: [
          { ...EC, kid: 'a' },
          { ...EC_OTHER, kid: 'a' },
        ],
      },
      'duplicate_kid',
      /keys\[1\]/,
    ],
    [
      'same kid, unknown type',
      {
        keys: [
          { ...EC, kid: 'a' },
          { kty: 'XYZ', kid: 'a' },
        ],
      },
      'duplicate_kid',
      /keys\[1\]/,
    ],
    [
      'deep nesting',
      `{"keys":[{"kid":"a"},{"kid":"a","x":${'['.repeat(50_000)}${']'.repeat(50_000)}}]}`,
      'duplicate_kid',
      /keys\[1\]/,
    ],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].map(
      (name) =>
        [
          `private member ${name}`,
          { keys: [{ ...EC, kid: 'a', [name]: 's3cr3t' }] },
          'private_members',
          new RegExp(`"${name}"`),
        ] as const,
    ),
    [
      'symmetric key without kid',
      { keys: [{ kty: 'oct', k: 's3cr3t' }] },
      'private_members',
      /"k"/,
    ],
  ];
  for (const [why, document, error, message] of rows) {
    const parsed = parse(document);
    t.match(parsed, { ok: false, error, message }, why);
    t.notMatch(parsed, { message: /s3cr3t/ }, `${why}: no material in the message`);
  }
  t.match(
    parseJwks(Buffer.from([0x22, 0xff, 0x22])),
    { ok: false, error: 'not_json' },
    'not UTF-8',
  );
  t.end();
});

void t.test('a kid given twice with the same material is one key', (t) => {
  t.match(
    parse({
      keys: [
        { ...EC, kid: 'a' },
        { ...EC, kid: 'a' },
      ],
    }),
    {
      ok: true,
      keys: { length: 1 },
    },
  );
  const rsa = { kty: 'RSA', e: RFC_7638_KEY.e, n: RFC_7638_KEY.n, kid: 'a' };
  t.match(
    parse({
      keys: [
        { ...rsa, alg: 'RS256' },
        { ...rsa, alg: 'PS256' },
      ],
    }),
    { ok: true, keys: [{ kid: 'a', alg: '' }] },
    'two algorithms leave it open which',
  );
  t.match(
    parse({
      keys: [
        { ...EC, kid: 'a' },
        { ...EC_OTHER, kid: 'a', use: 'enc' },
      ],
    }),
    { ok: true, keys: { length: 1 }, untrackedKeys: 1 },
    'an encryption key may share the kid',
  );
  t.end();
});

void t.test('alg', (t) => {
  const rsa = { kty: 'RSA', e: RFC_7638_KEY.e, n: RFC_7638_KEY.n, kid: 'a' };
  for (const [why, key, alg] of [
    ['as given', { ...rsa, alg: 'PS384' }, 'PS384'],
    ['RSA fits several', rsa, ''],
    ['too long', { ...rsa, alg: 'x'.repeat(33) }, ''],
    ['no string', { ...rsa, alg: 1 }, ''],
    ['curve', { ...EC, kid: 'a' }, 'ES256'],
    ['curve does not overrule', { ...EC, kid: 'a', alg: 'ES256X' }, 'ES256X'],
  ] as const) {
    t.match(parse({ keys: [key] }), { ok: true, keys: [{ alg }] }, why);
  }
  t.end();
});

void t.test('classes for the report', (t) => {
  t.equal(fetchErrorOf('too_large'), 'too_large');
  t.equal(fetchErrorOf('not_json'), 'not_json');
  for (const error of [
    'not_a_key_set',
    'too_many_keys',
    'private_members',
    'duplicate_kid',
  ] as const) {
    t.equal(fetchErrorOf(error), 'invalid');
  }
  t.end();
});
