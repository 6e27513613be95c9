import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import jsonwebtoken, { type JwtPayload } from 'jsonwebtoken';
import { AUDIENCE } from '../issuer.ts';
import { listenOnLoopback } from '../listen.ts';
import type { Verification } from './polled-keys.ts';
import { ACCEPTED, bearerOf, reasonOf, refused } from './service.ts';
import type { Answer, VerifierService } from './service.ts';

export interface StaticKeysOptions {
  readonly issuer: string;
  /** A JWKS document; read once at start and never again. */
  readonly keyFile: string;
  readonly onVerification?: (verification: Verification) => void;
}

function kidOf(token: string): string | null {
  return jsonwebtoken.decode(token, { complete: true })?.header.kid ?? null;
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof jsonwebtoken.TokenExpiredError) return 'expired';
  if (error instanceof jsonwebtoken.NotBeforeError) return 'not_yet_valid';
  return error instanceof Error && error.message === 'invalid signature'
    ? 'bad_signature'
    : 'unclassified';
}

/** A service whose keys come with its deployment: only a redeploy brings it a new one. */
export async function startStaticVerifier(options: StaticKeysOptions): Promise<VerifierService> {
  const document = JSON.parse(await readFile(options.keyFile, 'utf8')) as { keys: JsonWebKey[] };
  const keys = new Map<unknown, KeyObject>(
    document.keys.map((key) => [key['kid'], createPublicKey({ format: 'jwk', key })]),
  );

  const verify = (token: string): Answer => {
    const kid = kidOf(token);
    const tell = (outcome: Outcome, iatS: number | null = null, expS: number | null = null): void =>
      options.onVerification?.({ kid, outcome, iatS, expS });
    const key = keys.get(kid);
    if (key === undefined) {
      tell('unknown_kid');
      return refused('no such key in the key file');
    }
    try {
      const { iat, exp } = jsonwebtoken.verify(token, key, {
        algorithms: ['RS256'],
        issuer: options.issuer,
        audience: AUDIENCE,
      }) as JwtPayload;
      tell('ok', iat ?? null, exp ?? null);
      return ACCEPTED;
    } catch (error) {
      tell(outcomeOf(error));
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
