import type { IssuerConfig, VerifierConfig } from '../config.ts';

/** What one path of the proxy stands for. */
export interface Route<Verifier, Source> {
  readonly verifier: Verifier;
  readonly source: Source;
  readonly kind: 'jwks' | 'discovery';
  /** Path of the key set that belongs to this route. */
  readonly jwksPath: string;
}

export const JWKS_FILE = 'jwks.json';
const DISCOVERY_FILE = '.well-known/openid-configuration';

/**
 * The folder of URLs of one verifier for one issuer: `/v/orders/default`. The instance is in it only
 * where the settings name one, so that the same URL works on every host; the issuer's alias only
 * where the verifier takes several.
 */
export function folderOf(verifier: VerifierConfig, issuer: IssuerConfig): string {
  const { service, instance, cache } = verifier.id;
  const parts = verifier.namesInstance ? [service, instance, cache] : [service, cache];
  if (verifier.issuers.length > 1 && issuer.alias !== null) parts.push('issuers', issuer.alias);
  return `/v/${parts.join('/')}`;
}

/** Adds the two routes of one verifier for one issuer. */
export function addRoutes<V, S>(
  routes: Map<string, Route<V, S>>,
  folder: string,
  verifier: V,
  source: S,
): void {
  const jwksPath = `${folder}/${JWKS_FILE}`;
  routes.set(jwksPath, { verifier, source, kind: 'jwks', jwksPath });
  routes.set(`${folder}/${DISCOVERY_FILE}`, { verifier, source, kind: 'discovery', jwksPath });
}
