import { SignJWT, importJWK } from 'jose';
import { AUDIENCE } from './issuer.ts';
import { makeSigningKey } from './signing-key.ts';

/** A token with all the right claims and a right kid, signed by a key the issuer never had. */
export async function forgeToken(issuer: string, kid: string): Promise<string> {
  const stranger = await makeSigningKey(kid, 'RS256');
  return new SignJWT({ client_id: 'stranger' })
    .setProtectedHeader({ alg: 'RS256', kid, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(await importJWK(stranger.privateJwk, 'RS256'));
}
