import { decodeJwt, decodeProtectedHeader } from 'jose';
import { KeyturnError } from '@keyturn/shared/errors.ts';
import type { IssuerClient } from './issuer.ts';

/** A token as its client sees it. */
export interface HeldToken {
  readonly token: string;
  readonly kid: string;
  /** Unix seconds. */
  readonly iatS: number;
  readonly expS: number;
}

/** The issuer's token endpoint did not give a token. */
export class TokenRequestError extends KeyturnError {
  constructor(message: string) {
    super('TOKEN_REQUEST_FAILED', message);
  }
}

/**
 * Fetches one access token with the client-credentials grant.
 * @throws {TokenRequestError} when the endpoint refuses or answers with something else.
 */
export async function fetchToken(tokenEndpoint: string, client: IssuerClient): Promise<HeldToken> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const body = (await response.json()) as { access_token?: unknown };
  if (!response.ok || typeof body.access_token !== 'string') {
    throw new TokenRequestError(`${tokenEndpoint} answered ${response.status}`);
  }
  const { iat = 0, exp = 0 } = decodeJwt(body.access_token);
  const { kid = '' } = decodeProtectedHeader(body.access_token);
  return { token: body.access_token, kid, iatS: iat, expS: exp };
}

/** One caller: keeps its token, as real clients do, until shortly before it expires. */
export interface BearerClient {
  /** A token with more than `marginMs` to live. */
  token(nowMs: number): Promise<HeldToken>;
}

export interface BearerClientOptions {
  readonly tokenEndpoint: string;
  readonly client: IssuerClient;
  /** Time before expiry at which a token is given up. */
  readonly marginMs: number;
  /**
   * Share of its first token's time that the client keeps it, in (0, 1]: spreads clients that start
   * together, which would renew together for ever.
   */
  readonly firstShare: number;
}

export function bearerClient(options: BearerClientOptions): BearerClient {
  let share = options.firstShare;
  let held: HeldToken | undefined;
  let giveUpAtMs = 0;
  let fetching: Promise<HeldToken> | undefined;

  const renew = async (nowMs: number): Promise<HeldToken> => {
    const token = await fetchToken(options.tokenEndpoint, options.client);
    giveUpAtMs = nowMs + (token.expS * 1_000 - options.marginMs - nowMs) * share;
    share = 1;
    held = token;
    return token;
  };
  return {
    async token(nowMs) {
      if (held !== undefined && nowMs < giveUpAtMs) return held;
      fetching ??= renew(nowMs).finally(() => {
        fetching = undefined;
      });
      return fetching;
    },
  };
}
