import { ID_LIMITS, textProblem } from '../model/ids.ts';
import { namesSecret } from '../model/secret-keys.ts';
import type { Jwk } from './thumbprint.ts';

// RFC 7518 section 3.4, RFC 8812. Ed25519 has a second name (RFC 9864); one is needed, and EdDSA is
// the one in use. RSA fits six algorithms, so it has no entry.
const ALG_BY_CURVE: ReadonlyMap<unknown, string> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['secp256k1', 'ES256K'],
  ['Ed25519', 'EdDSA'],
  ['Ed448', 'EdDSA'],
]);

const ENCRYPTION_ALG = /^(?:RSA1_5|RSA-OAEP|ECDH-ES)/;

/** False for an entry that says it is not for signatures (RFC 7517 sections 4.2 to 4.4). */
export function signs(jwk: Jwk): boolean {
  const { use, key_ops: operations, alg, crv } = jwk;
  if (use !== undefined && use !== 'sig') return false;
  if (Array.isArray(operations) && !operations.includes('verify')) return false;
  if (typeof alg === 'string' && ENCRYPTION_ALG.test(alg)) return false;
  // Published material is no shared secret: whoever verified with it would take anybody's tokens.
  if (typeof alg === 'string' && namesSecret(alg)) return false;
  return crv !== 'X25519' && crv !== 'X448';
}

/** The JWS algorithm the key is for; empty when it does not say and its type fits several. */
export function algOf(jwk: Jwk): string {
  const alg = jwk['alg'];
  if (typeof alg === 'string' && textProblem(alg, ID_LIMITS.algBytes) === undefined) return alg;
  if (alg !== undefined) return '';
  return ALG_BY_CURVE.get(jwk['crv']) ?? '';
}
