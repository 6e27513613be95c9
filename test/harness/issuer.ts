import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';
import type { Adapter, Configuration } from 'oidc-provider';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { listenOnLoopback } from './listen.ts';
import { makeSigningKey } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

/** The `aud` of every token the issuer mints. */
export const AUDIENCE = 'https://api.example.test';

/** One OAuth client of the issuer and how long its access tokens live. */
export interface IssuerClient {
  readonly id: string;
  readonly secret: string;
  readonly tokenLifetimeS: number;
}

export interface IssuerOptions {
  /** Keys served from the start; the first RS256 one signs. */
  readonly keys: readonly { readonly kid: string; readonly alg: 'RS256' | 'ES256' }[];
  readonly clients: readonly IssuerClient[];
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

/** What the issuer does now, from its own memory; the truth that others only observe. */
export interface IssuerFacts {
  readonly served: readonly KeyRef[];
  readonly signsWith: string;
}

/**
 * oidc-provider with keys that can be published, switched and withdrawn while it runs. Its key set
 * is fixed when a provider is made, so each change of the set puts a new provider behind the one
 * HTTP server.
 */
export interface Issuer {
  /** Exact `iss`. */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenEndpoint: string;
  facts(): IssuerFacts;
  /** Public half of any key the issuer ever made. */
  publicJwk(kid: string): JWK;
  /** Makes a key that nobody sees yet. */
  stageKey(kid: string, alg?: 'RS256' | 'ES256'): Promise<KeyRef>;
  /** Adds a staged or withdrawn key to the JWKS. */
  publishKey(kid: string): void;
  /** Signs every token from now on with this served RS256 key. */
  signWith(kid: string): void;
  /** Takes a key that does not sign out of the JWKS. */
  withdrawKey(kid: string): void;
  close(): Promise<void>;
}

// Client-credentials tokens in JWT form are self-contained: nothing is stored, nothing is found.
const NOTHING_STORED: Adapter = {
  async upsert() {},
  async find() {
    return undefined;
  },
  async findByUserCode() {
    return undefined;
  },
  async findByUid() {
    return undefined;
  },
  async consume() {},
  async destroy() {},
  async revokeByGrantId() {},
};

function configuration(
  options: IssuerOptions,
  keys: readonly SigningKey[],
  signsWith: () => string,
): Configuration {
  const lifetimes = new Map(options.clients.map((client) => [client.id, client.tokenLifetimeS]));
  return {
    adapter: () => NOTHING_STORED,
    clients: options.clients.map((client) => ({
      client_id: client.id,
      client_secret: client.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'RS256',
    })),
    jwks: { keys: keys.map((key) => ({ ...key.privateJwk }) as never) },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          audience: AUDIENCE,
          scope: '',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256', kid: signsWith() } },
        }),
      },
    },
    ttl: { ClientCredentials: (_ctx, _token, client) => lifetimes.get(client.clientId) ?? 60 },
  };
}

/** Starts an issuer on loopback. */
export async function startIssuer(options: IssuerOptions): Promise<Issuer> {
  const made = new Map<string, SigningKey>();
  for (const { kid, alg } of options.keys) made.set(kid, await makeSigningKey(kid, alg));
  const served = new Set(made.keys());
  let signing = [...made.values()].find((key) => key.ref.alg === 'RS256')?.ref.kid ?? '';

  type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  let handle: Handler = async () => {};
  const listening = await listenOnLoopback(
    createServer((request, response) => {
      void handle(request, response);
    }),
    options.port,
  );

  const known = (kid: string): SigningKey => {
    const key = made.get(kid);
    if (key === undefined) throw new Error(`the issuer has no key ${kid}`);
    return key;
  };
  const serve = (): void => {
    const keys = [...served].map(known);
    handle = new Provider(
      listening.url,
      configuration(options, keys, () => signing),
    ).callback();
  };
  serve();

  return {
    issuer: listening.url,
    jwksUri: `${listening.url}/jwks`,
    tokenEndpoint: `${listening.url}/token`,
    facts: () => ({ served: [...served].map((kid) => known(kid).ref), signsWith: signing }),
    publicJwk: (kid) => known(kid).publicJwk,
    async stageKey(kid, alg = 'RS256') {
      if (made.has(kid)) throw new Error(`the issuer already has a key ${kid}`);
      made.set(kid, await makeSigningKey(kid, alg));
      return known(kid).ref;
    },
    publishKey(kid) {
      known(kid);
      served.add(kid);
      serve();
    },
    signWith(kid) {
      if (!served.has(kid) || known(kid).ref.alg !== 'RS256') {
        throw new Error(`the issuer can sign only with an RS256 key it serves, not ${kid}`);
      }
      signing = kid;
    },
    withdrawKey(kid) {
      if (kid === signing) throw new Error(`${kid} signs; switch to another key first`);
      served.delete(kid);
      serve();
    },
    close: () => listening.close(),
  };
}
