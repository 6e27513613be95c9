import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import jsonwebtoken from 'jsonwebtoken';
import { AUDIENCE } from '../issuer.ts';
import { listenOnLoopback } from '../listen.ts';
import { ACCEPTED, bearerOf, reasonOf, refused } from './service.ts';
import type { Answer, VerifierService } from './service.ts';

export interface StaticKeysOptions {
  readonly issuer: string;
  /** A JWKS document; read once at start and never again. */
  readonly keyFile: string;
}

/** A service whose keys come with its deployment: only a redeploy brings it a new one. */
export async function startStaticVerifier(options: StaticKeysOptions): Promise<VerifierService> {
  const document = JSON.parse(await readFile(options.keyFile, 'utf8')) as { keys: JsonWebKey[] };
  const keys = new Map<unknown, KeyObject>(
    document.keys.map((key) => [key['kid'], createPublicKey({ format: 'jwk', key })]),
  );

  const verify = (token: string): Answer => {
    const key = keys.get(jsonwebtoken.decode(token, { complete: true })?.header.kid);
    if (key === undefined) return refused('no such key in the key file');
    try {
      jsonwebtoken.verify(token, key, {
        algorithms: ['RS256'],
        issuer: options.issuer,
        audience: AUDIENCE,
      });
      return ACCEPTED;
    } catch (error) {
      return refused(reasonOf(error));
    }
  };

  return listenOnLoopback(
    createServer((request, response) => {
      const answer = verify(bearerOf(request.headers.authorization));
      response.writeHead(answer.accepted ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    }),
  );
}
