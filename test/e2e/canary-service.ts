// A service with an endpoint that canaries are presented to. MODE: `good` verifies with jose; `stale`
// goes on fetching keys and never looks at what it fetched; `anything` reads tokens and believes them;
// `inside` is good, with an agent in the process that presents tokens itself.

import type { AddressInfo } from 'node:net';
import express from 'express';
import * as jose from 'jose';
import { createAgent, observeJose } from '@keyturn/agent';

const { MODE = '', ISSUER = '', JWKS_URI = '', PORT = '0', COLLECTOR = '' } = process.env;

type Accepts = (token: string) => Promise<boolean>;

const CLAIMS = { issuer: ISSUER, audience: ['orders', 'keyturn-canary'] };

function verifying({
  createRemoteJWKSet,
  jwtVerify,
}: Pick<typeof jose, 'createRemoteJWKSet' | 'jwtVerify'>): Accepts {
  const keys = createRemoteJWKSet(new URL(JWKS_URI), { cooldownDuration: 0 });
  return (token) =>
    jwtVerify(token, keys, CLAIMS).then(
      () => true,
      () => false,
    );
}

async function stale(): Promise<Accepts> {
  const fetchKeys = async () => (await (await fetch(JWKS_URI)).json()) as jose.JSONWebKeySet;
  const keys = jose.createLocalJWKSet(await fetchKeys());
  setInterval(() => void fetchKeys().catch(() => undefined), 300);
  return (token) =>
    jose.jwtVerify(token, keys, CLAIMS).then(
      () => true,
      () => false,
    );
}

function inside(): Accepts {
  const agent = createAgent({
    service: 'inside',
    instance: 'inside-1',
    issuer: ISSUER,
    collector: COLLECTOR,
    probe: (token) => accepts(token),
  });
  process.once('SIGTERM', () => void agent.close().then(() => process.exit(0)));
  return verifying(observeJose(jose, agent));
}

const believing: Accepts = async (token) => jose.decodeJwt(token).iss === ISSUER;

const MAKERS: Readonly<Record<string, () => Accepts | Promise<Accepts>>> = {
  good: () => verifying(jose),
  stale,
  anything: () => believing,
  inside,
};
const accepts: Accepts = (await MAKERS[MODE]?.()) ?? believing;

const app = express();
app.get('/whoami', async (request, response) => {
  const token = String(request.headers.authorization).slice('Bearer '.length);
  response.sendStatus((await accepts(token).catch(() => false)) ? 200 : 401);
});
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
