import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** A token of `key`; `header` and `claims` override what a good token has. */
export async function tokenOf(
  key: SigningKey,
  issuer: string,
  claims: JWTPayload = {},
  header: { kid?: string | undefined } = {},
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  const { kid } = { kid: key.kid, ...header };
  return new SignJWT({ iss: issuer, iat: nowS, exp: nowS + 300, ...claims })
    .setProtectedHeader({ alg: key.alg, ...(kid === undefined ? {} : { kid }) })
    .sign(key.privateKey);
}

/** A JWKS endpoint whose answer the test decides. */
export class JwksServer {
  keys: readonly JWK[];
  /** Instead of the keys. */
  answer: { readonly status: number; readonly body: string } | 'hang' | undefined;
  headers: Record<string, string> = {};
  requests = 0;
  url = new URL('http://127.0.0.1/');
  readonly #server = createServer((_request, response) => {
    this.requests += 1;
    if (this.answer === 'hang') return;
    const { status, body } = this.answer ?? {
      status: 200,
      body: JSON.stringify({ keys: this.keys }),
    };
    response.writeHead(status, { 'content-type': 'application/json', ...this.headers });
    response.end(body);
  });

  constructor(keys: readonly SigningKey[]) {
    this.keys = keys.map(({ jwk }) => jwk);
  }

  async start(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(this.port, '127.0.0.1', resolve);
    await promise;
    this.url = new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`);
    return this;
  }

  get port(): number {
    return Number(this.url.port);
  }

  stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => {
      resolve();
    });
    this.#server.closeAllConnections();
    return promise;
  }
}
