import { createServer } from 'node:http';
import { SignJWT, importJWK } from 'jose';
import { AUDIENCE } from '../harness/issuer.ts';
import { listenOnLoopback } from '../harness/listen.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import type { Teardown } from '../harness/teardown.ts';

/** What can be asked of it with `POST /NAME`: what the scripts of a rotation pipeline do. */
export const ISSUER_ACTS = {
  'add-key-to-jwks': 'published',
  'switch-signer': 'switched',
  'remove-key-from-jwks': 'removed',
} as const;

type Act = keyof typeof ISSUER_ACTS;

/** An issuer that has any name and serves its keys on loopback. */
export interface StageIssuer {
  readonly jwksUri: string;
  readonly url: string;
  /** What was done to it, in order, each with the Unix time in ms. */
  readonly done: readonly { readonly what: string; readonly atMs: number }[];
  /** Signed with the key that signs now. `lifetimeS` whole seconds. */
  token(lifetimeS: number): Promise<string>;
  /** Publishes the new key, as the script does. */
  publish(): void;
  /** Public JWKs served now. */
  keys(): readonly object[];
}

export interface StageIssuerOptions {
  readonly issuer: string;
  readonly alg: 'RS256' | 'ES256';
  readonly oldKid: string;
  readonly newKid: string;
}

export async function startStageIssuer(
  cleanup: Teardown,
  options: StageIssuerOptions,
): Promise<StageIssuer> {
  const [old, next] = await Promise.all([
    makeSigningKey(options.oldKid, options.alg),
    makeSigningKey(options.newKid, options.alg),
  ]);
  let served = [old];
  let signer = old;
  const done: { what: string; atMs: number }[] = [];
  const acts: Readonly<Record<Act, () => void>> = {
    'add-key-to-jwks': () => (served = [old, next]),
    'switch-signer': () => (signer = next),
    'remove-key-from-jwks': () => (served = [next]),
  };
  const act = (name: Act): void => {
    acts[name]();
    done.push({ what: ISSUER_ACTS[name], atMs: Date.now() });
  };
  const keys = (): readonly object[] => served.map((key) => key.publicJwk);

  const listening = await listenOnLoopback(
    createServer(({ method, url = '' }, response) => {
      const name = url.slice(1);
      const isAct = method === 'POST' && Object.hasOwn(acts, name);
      if (isAct) act(name as Act);
      if (!isAct && url !== '/jwks') response.statusCode = 404;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: keys() }));
    }),
  );
  cleanup.add('issuer', () => listening.close());

  return {
    url: listening.url,
    jwksUri: `${listening.url}/jwks`,
    done,
    keys,
    publish: () => {
      act('add-key-to-jwks');
    },
    async token(lifetimeS) {
      const { privateJwk, ref } = signer;
      return new SignJWT({})
        .setProtectedHeader({ alg: options.alg, kid: ref.kid })
        .setIssuer(options.issuer)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeS}s`)
        .sign(await importJWK(privateJwk, options.alg));
    },
  };
}
