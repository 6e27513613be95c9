import { ID_LIMITS, algProblem, textProblem } from './ids.ts';
import type { KeyRef } from './ids.ts';

/** What a key is: one half of a pair, whose public half is published, or a secret all verifiers share. */
export type KeyKind = 'public' | 'secret';

/** Which kinds of keys a cache decides with. `any`: nobody said. */
export type CacheKind = KeyKind | 'any';

/** The JWS algorithms of shared secrets (RFC 7518 section 3.2). */
export const SECRET_ALGS: readonly string[] = ['HS256', 'HS384', 'HS512'];

/** Why nobody may send one. */
export const NO_SECRET_THUMBPRINT =
  'expected none with a shared secret: its thumbprint is a digest of the secret';

export function isSecretAlg(alg: string): boolean {
  return SECRET_ALGS.includes(alg);
}

/** True for what can only be meant as a shared secret, misspelt or not. */
export function namesSecret(alg: string): boolean {
  return /^hs\d/i.test(alg);
}

export function keyKindOf(alg: string): KeyKind {
  return isSecretAlg(alg) ? 'secret' : 'public';
}

/** True for a key known by (issuer, kid, alg) alone. */
export function isSecretKey(key: KeyRef): boolean {
  return key.thumbprint === '';
}

/**
 * What is wrong with a key, or undefined. Public keys have a thumbprint, shared secrets never do:
 * that of an `oct` key can be tried out against guesses of the secret.
 */
export function keyProblem(
  key: KeyRef,
): { readonly field: 'kid' | 'thumbprint' | 'alg'; readonly message: string } | undefined {
  const kid = textProblem(key.kid, ID_LIMITS.kidBytes);
  if (kid !== undefined) return { field: 'kid', message: kid };
  const alg = algProblem(key.alg);
  if (alg !== undefined) return { field: 'alg', message: alg };
  if (namesSecret(key.alg)) {
    if (key.thumbprint !== '') return { field: 'thumbprint', message: NO_SECRET_THUMBPRINT };
    if (isSecretAlg(key.alg)) return undefined;
    return { field: 'alg', message: `expected one of ${SECRET_ALGS.join(', ')}` };
  }
  if (key.thumbprint.length === ID_LIMITS.thumbprintChars) return undefined;
  return {
    field: 'thumbprint',
    message: `expected ${ID_LIMITS.thumbprintChars} characters of base64url (RFC 7638, SHA-256), or an algorithm of shared secrets`,
  };
}
