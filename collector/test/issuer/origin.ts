import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Identity } from './authority.ts';

/** A server on a free loopback port for one test; gives its address without a closing slash. */
export async function origin(t: Test, handler: RequestListener, tls?: Identity): Promise<string> {
  const server: Server =
    tls === undefined ? createServer(handler) : createTlsServer({ ...tls }, handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
}

/** An address that refuses connections. */
export async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** Public EC key of RFC 7515 appendix A.3, and one more. */
export const KEYS = [
  {
    kty: 'EC',
    kid: 'k1',
    crv: 'P-256',
    alg: 'ES256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
  {
    kty: 'OKP',
    kid: 'k2',
    crv: 'Ed25519',
    alg: 'EdDSA',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  },
] as const;
