import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import t from 'tap';
import { fetchToken } from './bearer-client.ts';
import { AUDIENCE, startIssuer } from './issuer.ts';
import type { IssuerClient } from './issuer.ts';

const web: IssuerClient = { id: 'web', secret: 'web-secret', tokenLifetimeS: 8 };
const batch: IssuerClient = { id: 'batch', secret: 'batch-secret', tokenLifetimeS: 12 };

t.test('publishes, switches and withdraws keys while it serves', async (t) => {
  const issuer = await startIssuer({
    keys: [
      { kid: 'old', alg: 'RS256' },
      { kid: 'bystander', alg: 'ES256' },
    ],
    clients: [web, batch],
  });
  t.teardown(() => issuer.close());
  const servedKids = async (): Promise<string[]> => {
    const body = (await (await fetch(issuer.jwksUri)).json()) as { keys: { kid: string }[] };
    return body.keys.map((key) => key.kid).sort();
  };
  const verify = async (token: string): Promise<unknown> =>
    jwtVerify(token, createRemoteJWKSet(new URL(issuer.jwksUri)), {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      typ: 'at+jwt',
    });

  const first = await fetchToken(issuer.tokenEndpoint, web);
  t.equal(first.kid, 'old');
  t.equal(first.expS - first.iatS, 8);
  await verify(first.token);
  const long = await fetchToken(issuer.tokenEndpoint, batch);
  t.equal(long.expS - long.iatS, 12);

  await issuer.stageKey('new');
  t.strictSame(await servedKids(), ['bystander', 'old'], 'a staged key is not served');
  t.throws(() => issuer.signWith('new'), /can sign only with an RS256 key it serves/);
  issuer.publishKey('new');
  t.strictSame(await servedKids(), ['bystander', 'new', 'old']);
  t.equal((await fetchToken(issuer.tokenEndpoint, web)).kid, 'old', 'publishing does not switch');

  issuer.signWith('new');
  const second = await fetchToken(issuer.tokenEndpoint, web);
  t.equal(decodeProtectedHeader(second.token).kid, 'new');
  t.throws(() => {
    issuer.withdrawKey('new');
  }, /new signs/);
  issuer.withdrawKey('old');
  t.strictSame(await servedKids(), ['bystander', 'new']);
  t.equal(issuer.facts().signsWith, 'new');
  await verify(second.token);
  await t.rejects(verify(first.token), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

t.test('a wrong client secret is told apart from a token', async (t) => {
  const issuer = await startIssuer({ keys: [{ kid: 'old', alg: 'RS256' }], clients: [web] });
  t.teardown(() => issuer.close());
  await t.rejects(fetchToken(issuer.tokenEndpoint, { ...web, secret: 'wrong' }), {
    code: 'TOKEN_REQUEST_FAILED',
  });
});
