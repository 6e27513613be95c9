import { createSecretKey, randomBytes } from 'node:crypto';
import * as jose from 'jose';
import t from 'tap';
import { observeJose } from '../../src/observe/jose.ts';
import { observed } from './observed.ts';

const ISSUER = 'billing';
const OLD = randomBytes(48);
const NEW = randomBytes(48);
const OPTIONS = { issuer: ISSUER };

interface TokenPart {
  readonly kid?: string;
  readonly alg?: string;
  readonly expS?: number;
}

function tokenOf(secret: Uint8Array, { kid, alg = 'HS256', expS = 9_999_999_999 }: TokenPart) {
  return new jose.SignJWT({ iss: ISSUER, iat: 1_000, exp: expS })
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
    .sign(secret);
}

function scene() {
  const seen = observed({ service: 'orders', issuer: ISSUER });
  seen.agent.holdSecrets(ISSUER, [
    { kid: 'old', alg: 'HS256' },
    { kid: 'new', alg: 'HS256' },
  ]);
  return { ...seen, ...observeJose(jose, seen.agent) };
}

t.test('ids are told, in a cache of their own', async (t) => {
  const { agent, uplink } = scene();
  t.match(uplink.ledgers[0], { id: { cache: 'secrets' }, cacheKind: 'secret', issuers: [ISSUER] });
  const [set] = uplink.report().keySets;
  t.same(set?.keys, [
    { kid: 'old', thumbprint: '', alg: 'HS256' },
    { kid: 'new', thumbprint: '', alg: 'HS256' },
  ]);
  t.match(set, { dataAgeMs: null, secretsAgeMs: Number, documentSha256: null });
  agent.holdSecrets(ISSUER, []);
  t.match(uplink.report().keySets[0], { keys: [], secretsAgeMs: Number }, 'none is an answer too');
});

const UNREADABLE: readonly (readonly [string, unknown, RegExp])[] = [
  ['the secret itself', [{ kid: 'a', alg: 'HS256', k: 'c2VjcmV0' }], /secrets\[0\]\.k: .*never/],
  ['an RSA algorithm', [{ kid: 'a', alg: 'RS256' }], /alg: expected one of HS256/],
  ['no id', [{ alg: 'HS256' }], /kid: expected text/],
  ['too many', Array.from({ length: 129 }, (_, i) => ({ kid: `k${i}`, alg: 'HS256' })), /at most/],
  ['an id that hides', [{ kid: 'a\u202eb', alg: 'HS256' }], /printable/],
  ['nothing', undefined, /expected a list/],
];

for (const [what, list, sentence] of UNREADABLE) {
  t.test(`a list with ${what} leaves nothing known and throws nothing`, async (t) => {
    const { agent, uplink, told } = scene();
    agent.holdSecrets(ISSUER, list as never);
    t.match(uplink.report().keySets[0], { keys: [], secretsAgeMs: null });
    const message = JSON.stringify(told);
    t.match(message, sentence);
    t.notMatch(message, 'c2VjcmV0');
  });
}

t.test('verifications with secrets count by kid and outcome', async (t) => {
  const { jwtVerify, row } = scene();
  const held = new Map<string | undefined, Uint8Array>([
    ['old', OLD],
    ['new', NEW],
  ]);
  const resolve = ({ kid }: { kid?: string }) => held.get(kid) as Uint8Array;
  const accepted = await tokenOf(OLD, { kid: 'old' });
  for (const key of [OLD, createSecretKey(OLD), resolve]) {
    await jwtVerify(accepted, key as Uint8Array, OPTIONS);
  }
  t.match(row('old'), { outcomes: { ok: 3 }, highestIat: 1_000, highestExp: 9_999_999_999 });

  await t.rejects(jwtVerify(await tokenOf(OLD, { kid: 'new' }), resolve, OPTIONS));
  t.match(row('new')?.outcomes, { bad_signature: 1 });
  await t.rejects(jwtVerify(await tokenOf(NEW, { kid: 'new' }), OLD, OPTIONS));
  t.match(
    row('new')?.outcomes,
    { unknown_kid_or_bad_signature: 1 },
    'one secret tells no ids apart',
  );
  await t.rejects(
    jwtVerify(await tokenOf(NEW, { kid: 'new', alg: 'HS512' }), resolve, { algorithms: ['HS256'] }),
  );
  t.match(row('new')?.outcomes, { alg_rejected: 1 });
  await t.rejects(jwtVerify(await tokenOf(NEW, { kid: 'new', expS: 2_000 }), resolve, OPTIONS));
  t.match(row('new')?.outcomes, { expired: 1 });
  await jwtVerify(await tokenOf(NEW, {}), NEW, OPTIONS);
  t.match(row('none')?.outcomes, { ok: 1 });
});

t.test('a resolver that finds nothing, or throws, knows no such id', async (t) => {
  const { jwtVerify, row } = scene();
  const token = await tokenOf(NEW, { kid: 'third' });
  const nothing = () => undefined as unknown as Uint8Array;
  const failing = (): Uint8Array => {
    throw new Error('no such secret');
  };
  await t.rejects(jwtVerify(token, nothing, OPTIONS));
  await t.rejects(jwtVerify(token, failing, OPTIONS), { message: 'no such secret' });
  const dead = await tokenOf(NEW, { kid: 'third', expS: 2_000 });
  await t.rejects(jwtVerify(dead, failing, OPTIONS));
  t.same(row('third')?.outcomes, { unknown_kid: 2, unknown_kid_expired_token: 1 });
});

t.test('tokens of public keys are none of a secret\u2019s business', async (t) => {
  const { jwtVerify, uplink } = scene();
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256');
  const token = await new jose.SignJWT({ iss: ISSUER })
    .setProtectedHeader({ alg: 'ES256', kid: 'old' })
    .sign(privateKey);
  await jwtVerify(token, publicKey);
  await t.rejects(jwtVerify(token, OLD));
  t.same(uplink.report().counts, []);
});

t.test('a watched secret sends nobody to fetch', async (t) => {
  const { uplink } = scene();
  const [ledger] = uplink.ledgers;
  ledger?.watch([
    { issuer: ISSUER, kid: 'third', secret: true },
    { issuer: ISSUER, kid: 'rsa', secret: false },
  ]);
  t.same(ledger?.missing(ISSUER), ['rsa']);
});
