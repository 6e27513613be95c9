import { createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { createServer } from 'node:http';
import { TokenError, createVerifier } from 'fast-jwt';
import type { TokenValidationErrorCode } from 'fast-jwt';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { AUDIENCE } from '../issuer.ts';
import { listenOnLoopback } from '../listen.ts';
import { ACCEPTED, bearerOf, reasonOf, refused } from './service.ts';
import type { Answer, Trust, VerifierService } from './service.ts';

/** How one verification ended, for whoever reports it. */
export interface Verification {
  readonly kid: string | null;
  readonly outcome: Outcome;
  /** Of an accepted token. */
  readonly iatS: number | null;
  readonly expS: number | null;
}

export interface PolledKeysOptions extends Trust {
  /** Time between two fetches of the key set; an unknown kid does not trigger one. */
  readonly pollMs: number;
  /** After each fetch, with the keys now in use; null: it failed and the old ones stay. */
  readonly onFetch?: (keys: readonly JsonWebKey[] | null) => void;
  readonly onVerification?: (verification: Verification) => void;
}

const OUTCOME_OF: Readonly<Partial<Record<TokenValidationErrorCode, Outcome>>> = {
  FAST_JWT_KEY_FETCHING_ERROR: 'unknown_kid',
  FAST_JWT_INVALID_SIGNATURE: 'bad_signature',
  FAST_JWT_EXPIRED: 'expired',
  FAST_JWT_INACTIVE: 'not_yet_valid',
  FAST_JWT_INVALID_CLAIM_VALUE: 'claims',
  FAST_JWT_MALFORMED: 'malformed',
  FAST_JWT_INVALID_ALGORITHM: 'alg_rejected',
};

function outcomeOf(error: unknown, token: string): Outcome {
  if (!(error instanceof TokenError)) return 'unclassified';
  const outcome = OUTCOME_OF[error.code] ?? 'unclassified';
  if (outcome !== 'unknown_kid') return outcome;
  const { exp } = decodeJwt(token);
  const expired = exp !== undefined && exp * 1_000 <= Date.now();
  return expired ? 'unknown_kid_expired_token' : 'unknown_kid';
}

function kidOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).kid ?? null;
  } catch {
    return null;
  }
}

async function fetchKeys(jwksUri: string): Promise<readonly JsonWebKey[] | null> {
  try {
    const response = await fetch(jwksUri, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? ((await response.json()) as { keys: JsonWebKey[] }).keys : null;
  } catch {
    return null;
  }
}

/**
 * fast-jwt with a home-made key loader, as many teams write it: poll the key set on a timer, keep the
 * last good one, and know nothing of a kid in between.
 */
export async function startPolledVerifier(options: PolledKeysOptions): Promise<VerifierService> {
  let keys = new Map<unknown, string>();

  const poll = async (): Promise<void> => {
    const fetched = await fetchKeys(options.jwksUri);
    if (fetched !== null) {
      keys = new Map(
        fetched.map((key) => [
          key['kid'],
          createPublicKey({ format: 'jwk', key })
            .export({ format: 'pem', type: 'spki' })
            .toString(),
        ]),
      );
    }
    options.onFetch?.(fetched);
  };
  await poll();
  const timer = setInterval(() => void poll(), options.pollMs);

  const verify = createVerifier({
    key: async ({ header }: { header: Record<string, unknown> }) => {
      const key = keys.get(header['kid']);
      if (key === undefined) throw new Error('no key with this kid');
      return key;
    },
    algorithms: ['RS256'],
    allowedIss: options.issuer,
    allowedAud: AUDIENCE,
  });

  const answer = async (token: string): Promise<Answer> => {
    const kid = kidOf(token);
    try {
      const { iat, exp } = (await verify(token)) as { iat: number; exp: number };
      options.onVerification?.({ kid, outcome: 'ok', iatS: iat, expS: exp });
      return ACCEPTED;
    } catch (error) {
      const outcome = outcomeOf(error, token);
      options.onVerification?.({ kid, outcome, iatS: null, expS: null });
      return refused(reasonOf(error));
    }
  };

  const listening = await listenOnLoopback(
    createServer((request, response) => {
      void answer(bearerOf(request.headers.authorization)).then((body) => {
        response.writeHead(body.accepted ? 200 : 401, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
        return undefined;
      });
    }),
  );
  return {
    url: listening.url,
    async close() {
      clearInterval(timer);
      await listening.close();
    },
  };
}
