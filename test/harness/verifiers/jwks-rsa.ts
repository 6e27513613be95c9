import { createServer } from 'node:http';
import express from 'express';
import jsonwebtoken from 'jsonwebtoken';
import type { GetPublicKeyOrSecret } from 'jsonwebtoken';
import jwksRsa from 'jwks-rsa';
import { AUDIENCE } from '../issuer.ts';
import { listenOnLoopback } from '../listen.ts';
import { ACCEPTED, bearerOf, reasonOf, refused } from './service.ts';
import type { Trust, VerifierService } from './service.ts';

export interface JwksRsaOptions extends Trust {
  /** jwks-rsa keeps each kid this long; its default is 10 minutes. */
  readonly cacheMaxAgeMs: number;
}

// How jsonwebtoken passes on what its key callback says.
const WRAPPED = /^JsonWebTokenError: error in secret or public key callback: /;

/** express with jsonwebtoken and jwks-rsa: a cache entry per kid, refetched when a kid is missing. */
export async function startJwksRsaVerifier(options: JwksRsaOptions): Promise<VerifierService> {
  const client = jwksRsa({
    jwksUri: options.jwksUri,
    cache: true,
    cacheMaxAge: options.cacheMaxAgeMs,
  });
  const keyFor: GetPublicKeyOrSecret = (header, done) => {
    client.getSigningKey(header.kid, (error, key) => {
      done(error, key?.getPublicKey());
    });
  };

  const app = express();
  app.use((request, response) => {
    jsonwebtoken.verify(
      bearerOf(request.headers.authorization),
      keyFor,
      { algorithms: ['RS256'], issuer: options.issuer, audience: AUDIENCE },
      (error) => {
        const answer = error === null ? ACCEPTED : refused(reasonOf(error).replace(WRAPPED, ''));
        response.status(answer.accepted ? 200 : 401).json(answer);
      },
    );
  });
  return listenOnLoopback(createServer(app));
}
