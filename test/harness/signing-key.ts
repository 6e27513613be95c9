import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';

/** One key of an issuer, private half included; it never leaves the process that made it. */
export interface SigningKey {
  readonly ref: KeyRef;
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
}

/** Makes a key. `alg` RS256 (2048 bits) or ES256. */
export async function makeSigningKey(kid: string, alg: 'RS256' | 'ES256'): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const marks = { kid, alg, use: 'sig' };
  const publicJwk: JWK = { ...(await exportJWK(pair.publicKey)), ...marks };
  return {
    ref: { kid, thumbprint: await calculateJwkThumbprint(publicJwk, 'sha256'), alg },
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...marks },
    publicJwk,
  };
}
