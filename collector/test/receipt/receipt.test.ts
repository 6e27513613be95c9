import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { CompactSign } from 'jose';
import t from 'tap';
import { receiptClaims, type ReceiptClaims } from '../../src/receipt/receipt-claims.ts';
import { signReceipt } from '../../src/receipt/sign-receipt.ts';
import { verifyReceipt } from '../../src/receipt/verify-receipt.ts';
import { buildReport } from '../../src/report/build.ts';
import { reportSha256 } from '../../src/report/report-digest.ts';
import { factsOf } from '../report/facts.ts';
import { memoryReceiptKeys } from '../support/receipts.ts';

const NOW_MS = Date.UTC(2026, 10, 2);
const keys = memoryReceiptKeys();
const report = buildReport(factsOf());
const claims: ReceiptClaims = receiptClaims(report, {
  name: 'https://keyturn.test',
  iatS: NOW_MS / 1_000,
  auditHead: { number: 77, hash: 'a'.repeat(64) },
});

function jwks(from = keys) {
  return { keys: from.jwks.keys.map((key) => ({ ...key })) };
}

t.test('a receipt says what the report says, and names its digest', async (t) => {
  const verified = await verifyReceipt(await signReceipt(keys, claims), jwks(), NOW_MS);
  t.match(verified, { valid: true, kid: keys.current.kid });
  if (!verified.valid) return;
  t.same(verified.claims, claims);
  t.match(verified.claims, {
    iss: 'https://keyturn.test',
    sub: 'r1',
    report_sha256: reportSha256(report),
    outcome: 'completed',
    withdrawn_at: report.overlap.withdrawn_at,
    steps: [{ step: 'activate', overridden: false, evidence_sha256: /^[0-9a-f]{64}$/ }, {}, {}],
  });
});

t.test('the digest does not depend on how the JSON was printed', async (t) => {
  const printed = JSON.parse(JSON.stringify(report, null, 4)) as object;
  const turned = Object.fromEntries(Object.entries(printed).toReversed());
  t.equal(reportSha256(turned), reportSha256(report));
  t.not(reportSha256({ ...printed, acts_left_out: 1 }), reportSha256(report));
});

t.test('node:crypto alone verifies it', async (t) => {
  const receipt = await signReceipt(keys, claims);
  const [header = '', payload = '', signature = ''] = receipt.split('.');
  t.same(JSON.parse(Buffer.from(header, 'base64url').toString()), {
    alg: 'ES256',
    kid: keys.current.kid,
    typ: 'keyturn-receipt+jwt',
  });
  const [jwk] = keys.jwks.keys;
  if (jwk === undefined) throw new Error('no key');
  const key = createPublicKey({
    key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y },
    format: 'jwk',
  });
  const holds = (text: string) =>
    verify(
      'sha256',
      Buffer.from(text),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
  t.ok(holds(`${header}.${payload}`));
  t.notOk(holds(`${header}.${payload}x`));
});

const python = '/usr/bin/python3';
const hasPyJwt = spawnSync(python, ['-c', 'import jwt, cryptography']).status === 0;
const pyJwtMissing = hasPyJwt ? false : 'python3-jwt with python3-cryptography is not installed';

t.test('PyJWT verifies it', { skip: pyJwtMissing }, async (t) => {
  const program = [
    'import json, sys, jwt',
    'from jwt import PyJWK',
    'given = json.load(sys.stdin)',
    'key = PyJWK(given["jwk"]).key',
    'claims = jwt.decode(given["receipt"], key, algorithms=["ES256"], issuer="https://keyturn.test", options={"verify_iat": False})',
    'print(claims["report_sha256"])',
  ].join('\n');
  const ask = (receipt: string) =>
    spawnSync(python, ['-c', program], {
      input: JSON.stringify({ receipt, jwk: keys.jwks.keys[0] }),
      encoding: 'utf8',
    });
  const receipt = await signReceipt(keys, claims);
  const answer = ask(receipt);
  t.equal(answer.stdout.trim(), claims.report_sha256, answer.stderr);
  t.match(ask(changed(receipt, receipt.length - 10)).stderr, /InvalidSignature/);
});

t.test('one changed character anywhere, and it is not valid', async (t) => {
  const receipt = await signReceipt(keys, claims);
  const holding: number[] = [];
  const places = Array.from({ length: 60 }, (_, n) => Math.floor((n * (receipt.length - 2)) / 60));
  for (const at of places) {
    const verified = await verifyReceipt(changed(receipt, at), jwks(), NOW_MS);
    if (verified.valid) holding.push(at);
  }
  t.same(holding, []);
  t.equal((await verifyReceipt(receipt, jwks(), NOW_MS)).valid, true, 'unchanged it is');
});

t.test('what is refused, and why', async (t) => {
  const receipt = await signReceipt(keys, claims);
  const other = memoryReceiptKeys();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = (header: object, payload: unknown, key = keys.current.privateKey) => {
    if (key === null) throw new Error('no key');
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', kid: keys.current.kid, ...header })
      .sign(key);
  };
  const typ = 'keyturn-receipt+jwt';
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${receipt.split('.')[1]}.`;
  const table: readonly [string, string, ReturnType<typeof jwks>, RegExp][] = [
    ['another collector', receipt, jwks(other), /none of the given keys/],
    ['an empty set', receipt, { keys: [] }, /none of the given keys/],
    ['a forger who names our kid', await signed({ typ }, claims, privateKey), jwks(), /signature/],
    ['a token of another kind', await signed({ typ: 'JWT' }, claims), jwks(), /expected typ/],
    ['no typ', await signed({}, claims), jwks(), /expected typ .* nothing/],
    ['no algorithm', none, jwks(), /another algorithm|no JWS/],
    ['claims missing', await signed({ typ }, { iss: 'x' }), jwks(), /claim /],
    ['no claims', await signed({ typ }, 'text'), jwks(), /claim|expected/i],
    [
      'from the future',
      await signed({ typ }, { ...claims, iat: NOW_MS / 1_000 + 1_000 }),
      jwks(),
      /future/,
    ],
    ['not a JWS', 'hello', jwks(), /no JWS/],
    ['nothing', '', jwks(), /no JWS/],
    ['too long', 'x'.repeat(2_000_000), jwks(), /longer/],
  ];
  for (const [name, given, set, reason] of table) {
    t.match(await verifyReceipt(given, set, NOW_MS), { valid: false, reason }, name);
  }
});

t.test('a broken set of keys is a reason, not a crash', async (t) => {
  const receipt = await signReceipt(keys, claims);
  const broken = {
    keys: [{ kty: 'EC', crv: 'P-256', kid: keys.current.kid, alg: 'ES256', x: '!', y: '' }],
  };
  t.match(await verifyReceipt(receipt, broken, NOW_MS), { valid: false });
});

/** The text with one character of the base64url alphabet changed. */
function changed(text: string, at: number): string {
  const place = text[at] === '.' ? at + 1 : at;
  const next = text[place] === 'A' ? 'Q' : 'A';
  return `${text.slice(0, place)}${next}${text.slice(place + 1)}`;
}
