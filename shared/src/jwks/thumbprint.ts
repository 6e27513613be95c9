import { createHash } from 'node:crypto';

/** One entry of a key set as it came: nothing about it is trusted. */
export type Jwk = Readonly<Record<string, unknown>>;

// RFC 7638 section 3.2 (RSA, EC), RFC 8037 section 2 (OKP), draft-ietf-cose-dilithium (AKP); in the
// order RFC 7638 hashes them.
const REQUIRED_MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['RSA', ['e', 'kty', 'n']],
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['AKP', ['alg', 'kty', 'pub']],
]);

const NAMES = new Set(['alg', 'crv', 'kty']);

/**
 * RFC 7638 SHA-256 thumbprint of a public key, base64url without padding. Undefined for a key type
 * that is not known and for members that are missing or not canonical base64url: one key written in
 * two ways would look like two keys.
 */
export function thumbprint(jwk: Jwk): string | undefined {
  const members = REQUIRED_MEMBERS.get(jwk['kty']);
  if (members === undefined) return undefined;
  const required: Record<string, string> = {};
  for (const name of members) {
    const value = jwk[name];
    if (typeof value !== 'string' || value.length === 0) return undefined;
    if (!NAMES.has(name) && !isCanonicalBase64url(value)) return undefined;
    required[name] = value;
  }
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

function isCanonicalBase64url(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}
