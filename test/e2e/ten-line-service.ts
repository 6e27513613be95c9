// A service as its owner would write it: the two lines of Keyturn are createAgent and observeJose.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as jose from 'jose';
import { createAgent, observeJose } from '@keyturn/agent';

const { ISSUER = '', JWKS_URI = '', COLLECTOR = '' } = process.env;

const agent = createAgent({
  service: 'orders',
  instance: 'orders-1',
  issuer: ISSUER,
  collector: COLLECTOR,
});
const { createRemoteJWKSet, jwtVerify } = observeJose(jose, agent);

const keys = createRemoteJWKSet(new URL(JWKS_URI));
const server = createServer((request, response) => {
  jwtVerify(String(request.headers.authorization).slice('Bearer '.length), keys, { issuer: ISSUER })
    .then(() => response.writeHead(200).end())
    .catch(() => response.writeHead(401).end());
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void agent.close();
});
