import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { jwk } from 'hono/jwk';
import { AUDIENCE } from '../issuer.ts';
import { listenOnLoopback } from '../listen.ts';
import { ACCEPTED, refused } from './service.ts';
import type { Trust, VerifierService } from './service.ts';

/** hono's jwk middleware: no cache at all, the key set is fetched for every request. */
export async function startHonoVerifier(options: Trust): Promise<VerifierService> {
  const app = new Hono();
  app.use(
    jwk({
      jwks_uri: options.jwksUri,
      alg: ['RS256'],
      verification: { iss: options.issuer, aud: AUDIENCE, typ: 'at+jwt' },
    }),
  );
  app.all('*', (context) => context.json(ACCEPTED));
  // hono's messages hold the whole token, so only the name of its error goes out.
  app.onError((error, context) => {
    const cause = error instanceof HTTPException ? error.cause : error;
    return context.json(refused(cause instanceof Error ? cause.name : 'unknown'), 401);
  });
  const listener = getRequestListener(app.fetch);
  return listenOnLoopback(
    createServer((request, response) => {
      void listener(request, response);
    }),
  );
}
