import fastify from 'fastify';
import * as jose from 'jose';
import { AUDIENCE } from '../issuer.ts';
import { ACCEPTED, bearerOf, reasonOf, refused } from './service.ts';
import type { Trust, VerifierService } from './service.ts';

/** The two functions of jose this service calls; an observed pair fits as well. */
export type JoseFunctions = Pick<typeof jose, 'createRemoteJWKSet' | 'jwtVerify'>;

export interface JoseOptions extends Trust {
  /** jose's own default is 10 minutes. */
  readonly cacheMaxAgeMs: number;
  /** jose's own default is 30 seconds. */
  readonly cooldownMs: number;
}

/** fastify with jose: one lazily refreshed key set, refetched for an unknown kid after a cooldown. */
export async function startJoseVerifier(
  options: JoseOptions,
  { createRemoteJWKSet, jwtVerify }: JoseFunctions = jose,
): Promise<VerifierService> {
  const keySet = createRemoteJWKSet(new URL(options.jwksUri), {
    cacheMaxAge: options.cacheMaxAgeMs,
    cooldownDuration: options.cooldownMs,
  });
  const app = fastify({ forceCloseConnections: true });
  app.all('/*', async (request, reply) => {
    try {
      await jwtVerify(bearerOf(request.headers.authorization), keySet, {
        issuer: options.issuer,
        audience: AUDIENCE,
        algorithms: ['RS256'],
      });
      return ACCEPTED;
    } catch (error) {
      reply.code(401);
      return refused(reasonOf(error));
    }
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}
