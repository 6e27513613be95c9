import type { CollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import type { KeySetServer } from '../harness/key-set-server.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import type { SigningKey } from '../harness/signing-key.ts';
import type { Teardown } from '../harness/teardown.ts';

/** An issuer that serves its old ES256 key and has a new one ready. */
export interface RotatingIssuer extends KeySetServer {
  readonly old: SigningKey;
  readonly new: SigningKey;
  /** Public JWKs, old first. */
  readonly both: readonly object[];
  /** The collector's settings for it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export async function startRotatingIssuer(
  cleanup: Teardown,
  kids: readonly [string, string] = ['2026-a', '2026-b'],
): Promise<RotatingIssuer> {
  const [old, next] = await Promise.all([
    makeSigningKey(kids[0], 'ES256'),
    makeSigningKey(kids[1], 'ES256'),
  ]);
  const server = await startKeySetServer([old.publicJwk]);
  cleanup.add('issuer', () => server.close());
  return {
    ...server,
    old,
    new: next,
    both: [old.publicJwk, next.publicJwk],
    settings: {
      issuer: server.issuer,
      jwks_uri: server.jwksUri,
      watch_interval: '500ms',
      max_token_lifetime: '1m',
    },
  };
}

/** Waits until the collector has seen a key twice in a row. */
export function keyPublished({ api }: CollectorProcess, kid: string): Promise<string> {
  return eventually(`${kid} is seen in the JWKS`, async () => {
    const { body } = await api.get('/v1/issuers');
    const keys: { kid: string; published_at: string | null }[] = body.issuers[0].keys;
    return keys.find((key) => key.kid === kid)?.published_at ?? undefined;
  });
}

/** Waits until the collector has missed a key twice in a row. */
export function keyWithdrawn({ api }: CollectorProcess, kid: string): Promise<string> {
  return eventually(`${kid} is gone from the JWKS`, async () => {
    const { body } = await api.get('/v1/issuers');
    const keys: { kid: string; withdrawn_at: string | null }[] = body.issuers[0].keys;
    return keys.find((key) => key.kid === kid)?.withdrawn_at ?? undefined;
  });
}
