import type { Jwk } from '@keyturn/shared/jwks/thumbprint.ts';
import { thumbprint } from '@keyturn/shared/jwks/thumbprint.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { CompactSign, exportJWK, type GenerateKeyPairResult, generateKeyPair } from 'jose';

/** A signing key for canaries in tests. */
export interface CanaryKey {
  readonly ref: KeyRef;
  readonly jwk: Jwk;
  /** Signs any claims under any header. */
  sign(
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
}

export async function canaryKey(kid: string, alg: string): Promise<CanaryKey> {
  const pair: GenerateKeyPairResult = await generateKeyPair(alg, { extractable: true });
  const jwk: Jwk = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' };
  return {
    ref: { kid, thumbprint: thumbprint(jwk) ?? '', alg },
    jwk,
    sign: (claims, header = {}) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg, kid, ...header })
        .sign(pair.privateKey),
  };
}
