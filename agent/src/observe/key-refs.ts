import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { algOf, signs } from '@keyturn/shared/jwks/signing.ts';
import type { Jwk } from '@keyturn/shared/jwks/thumbprint.ts';
import { thumbprint } from '@keyturn/shared/jwks/thumbprint.ts';

/**
 * The public signing keys with a kid among the entries of a live set. Entries of other kinds are left
 * out one by one, as verifiers do; a kid with two thumbprints stays two keys, which is an alarm.
 */
export function keyRefsOf(keys: readonly Jwk[]): readonly KeyRef[] {
  return keys.flatMap((jwk) => {
    const kid = jwk['kid'];
    if (typeof kid !== 'string' || !signs(jwk) || jwk['d'] !== undefined) return [];
    const print = thumbprint(jwk);
    return print === undefined ? [] : [{ kid, thumbprint: print, alg: algOf(jwk) }];
  });
}
