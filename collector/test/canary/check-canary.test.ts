import { compactVerify, importJWK, type JWK } from 'jose';
import t from 'tap';
import { spoiled } from '../../src/canary/bogus.ts';
import { type CanaryExpectation, checkCanary } from '../../src/canary/check-canary.ts';
import { canaryKey } from './keys.ts';

const ISSUER = 'https://issuer.test';
const NOW_S = 1_800_000_000;
const AUDIENCE = 'keyturn-canary';

const key = await canaryKey('new', 'ES256');
const other = await canaryKey('new', 'ES256');

const EXPECTED: CanaryExpectation = {
  role: 'next',
  issuer: ISSUER,
  audience: AUDIENCE,
  maxLifetimeMs: 900_000,
  key: key.ref,
  alg: 'ES256',
  jwk: key.jwk,
  nowMs: NOW_S * 1_000,
  skewMs: 10_000,
};

const GOOD = { iss: ISSUER, aud: AUDIENCE, iat: NOW_S, exp: NOW_S + 600 };
type Claims = Readonly<Record<string, unknown>>;

function without(name: string): Claims {
  return Object.fromEntries(Object.entries(GOOD).filter(([claim]) => claim !== name));
}

t.test('good ones', async (t) => {
  const rows: readonly Claims[] = [
    GOOD,
    { ...GOOD, aud: [AUDIENCE] },
    { ...GOOD, sub: AUDIENCE, client_id: AUDIENCE, azp: AUDIENCE },
    { ...GOOD, jti: 'one', nbf: NOW_S, tid: 'tenant', ver: '2.0' },
    { ...GOOD, scope: '', roles: [], realm_access: { roles: [] }, permissions: null, admin: false },
    { ...GOOD, exp: NOW_S + 900 },
    { ...GOOD, iat: NOW_S + 9, exp: NOW_S + 600 },
    { ...GOOD, iat: NOW_S - 800, exp: NOW_S + 40 },
  ];
  for (const claims of rows) {
    const check = await checkCanary(await key.sign(claims), EXPECTED);
    t.same(check, { ok: true, expiresAtMs: Number(claims['exp']) * 1_000 }, JSON.stringify(claims));
  }
});

t.test('each reason to refuse one', async (t) => {
  const rows: readonly (readonly [string, Claims, string, RegExp, RegExp])[] = [
    ['no issuer', without('iss'), 'next.iss', /"https:\/\/issuer\.test"/, /nothing/],
    ['a slash more', { ...GOOD, iss: `${ISSUER}/` }, 'next.iss', /issuer\.test"/, /test\/"/],
    ['another case', { ...GOOD, iss: 'https://ISSUER.test' }, 'next.iss', /./, /ISSUER/],
    ['a list of issuers', { ...GOOD, iss: [ISSUER] }, 'next.iss', /./, /list/],
    ['no audience', without('aud'), 'next.aud', /keyturn-canary" and nothing else/, /nothing/],
    ['a real audience', { ...GOOD, aud: 'orders' }, 'next.aud', /nothing else/, /"orders"/],
    ['one beside it', { ...GOOD, aud: [AUDIENCE, 'orders'] }, 'next.aud', /./, /^2 audiences$/],
    ['the same twice', { ...GOOD, aud: [AUDIENCE, AUDIENCE] }, 'next.aud', /./, /2 audiences/],
    ['an empty list', { ...GOOD, aud: [] }, 'next.aud', /./, /0 audiences/],
    ['no end', without('exp'), 'next.exp', /Unix seconds/, /nothing/],
    ['an end in text', { ...GOOD, exp: '9' }, 'next.exp', /Unix seconds/, /"9"/],
    ['an end beyond numbers', { ...GOOD, exp: 1e300 }, 'next.exp', /Unix seconds/, /./],
    ['no beginning', without('iat'), 'next.iat', /Unix seconds/, /nothing/],
    ['made in the future', { ...GOOD, iat: NOW_S + 60 }, 'next.iat', /a moment past/, /2027/],
    ['not yet', { ...GOOD, nbf: NOW_S + 60 }, 'next.nbf', /none, or a moment past/, /2027/],
    ['too long a life', { ...GOOD, exp: NOW_S + 901 }, 'next.exp', /at most 15m/, /^15m 1s$/],
    ['expired', { ...GOOD, iat: NOW_S - 600, exp: NOW_S - 1 }, 'next.exp', /30s left/, /ended at/],
    ['nearly expired', { ...GOOD, iat: NOW_S - 600, exp: NOW_S + 29 }, 'next.exp', /30s/, /29s/],
    ['a scope', { ...GOOD, scope: 'orders:read' }, 'next.scope', /gives rights/, /^a value$/],
    ['scp', { ...GOOD, scp: ['read'] }, 'next.scp', /gives rights/, /^a value$/],
    ['roles', { ...GOOD, roles: ['admin'] }, 'next.roles', /gives rights/, /^a value$/],
    ['one role', { ...GOOD, Role: 'admin' }, 'next.Role', /gives rights/, /^a value$/],
    ['groups', { ...GOOD, groups: { a: 1 } }, 'next.groups', /gives rights/, /^a value$/],
    ['permissions', { ...GOOD, permissions: ['x'] }, 'next.permissions', /./, /^a value$/],
    [
      'Keycloak roles',
      { ...GOOD, realm_access: { roles: ['offline'] } },
      'next.realm_access',
      /gives rights/,
      /^a value$/,
    ],
    ['Cognito', { ...GOOD, 'cognito:groups': ['a'] }, 'next.cognito:groups', /./, /^a value$/],
    [
      'a claim with a namespace',
      { ...GOOD, 'https://example.com/roles': ['a'] },
      'next.https://example.com/roles',
      /gives rights/,
      /^a value$/,
    ],
    ['somebody', { ...GOOD, sub: 'alice' }, 'next.sub', /nobody, or "keyturn-canary"/, /a value/],
    ['a client', { ...GOOD, client_id: 'web' }, 'next.client_id', /nobody/, /^a value$/],
    ['an actor', { ...GOOD, act: { sub: 'alice' } }, 'next.act', /gives rights/, /^a value$/],
    ['a name that hides', { ...GOOD, 'x\u202e/roles': ['a'] }, 'next.claims', /./, /a value/],
  ];
  for (const [what, claims, field, expected, got] of rows) {
    const token = await key.sign(claims);
    const check = await checkCanary(token, EXPECTED);
    t.match(check, { ok: false, field, expected, got }, what);
    t.notMatch(JSON.stringify(check), new RegExp(token.split('.')[1] ?? ''), what);
    t.notMatch(JSON.stringify(check), /alice|orders:read|offline|"web"/, what);
  }
});

t.test('the wrong key, header or form', async (t) => {
  const token = await key.sign(GOOD);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const hmac = `${Buffer.from('{"alg":"HS256","kid":"new"}').toString('base64url')}.${payload}.${signature}`;
  const none = `${Buffer.from('{"alg":"none","kid":"new"}').toString('base64url')}.${payload}.${signature}`;
  const rows: readonly (readonly [string, string, string, RegExp])[] = [
    ['another key of the same kid', await other.sign(GOOD), 'next.signature', /not/],
    ['a spoiled signature', spoiled(token, 'ES256'), 'next.signature', /not/],
    ['no alg', none, 'next.alg', /"none"/],
    ['a shared secret', hmac, 'next.alg', /"HS256"/],
    ['the kid of the old key', await key.sign(GOOD, { kid: 'old' }), 'next.kid', /"old"/],
    ['no kid', await key.sign(GOOD, { kid: undefined }), 'next.kid', /nothing/],
    ['its own key', await key.sign(GOOD, { jwk: key.jwk }), 'next.jwk', /one that is set/],
    ['where to find one', await key.sign(GOOD, { jku: 'https://x/' }), 'next.jku', /set/],
    ['two parts', `${header}.${payload}`, 'next', /bytes that are none/],
    ['a line break', `${token}\n`, 'next', /bytes that are none/],
    ['5,000 bytes', `${header}.${'a'.repeat(5_000)}.${signature}`, 'next', /^\d+$/],
    ['no header', `a.${payload}.${signature}`, 'next', /something else/],
  ];
  for (const [what, given, field, got] of rows) {
    const check = await checkCanary(given, EXPECTED);
    t.match(check, { ok: false, field, got }, what);
    t.notMatch(JSON.stringify(check), new RegExp(`${payload}|${signature}`), what);
  }
});

t.test('claims that are no object', async (t) => {
  const check = await checkCanary(await key.sign([] as unknown as Claims), EXPECTED);
  t.match(check, { ok: false, field: 'next', expected: 'claims in JSON' });
});

t.test('a bogus token is well formed, of the same length, and verifies nowhere', async (t) => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) {
    const signer = await canaryKey('k', alg);
    const published = await importJWK(signer.jwk as JWK, alg);
    for (let times = 0; times < 20; times += 1) {
      const token = await signer.sign({ ...GOOD, jti: String(times) });
      const bogus = spoiled(token, alg);
      t.equal(bogus.length, token.length);
      t.equal(bogus.lastIndexOf('.'), token.lastIndexOf('.'));
      t.not(bogus, token);
      const part = bogus.split('.')[2] ?? '';
      t.equal(Buffer.from(part, 'base64url').toString('base64url'), part, 'canonical');
      await t.rejects(compactVerify(bogus, published), {
        code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      });
    }
  }
});
