import { z } from 'zod';
import type { Api, RouteContext } from '../route-context.ts';

const CACHED_S = 3_600;

const PublishedKeySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string().describe('RFC 7638 SHA-256 thumbprint'),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
});

/** The public keys of this collector's receipts, replaced ones included. */
export function jwksRoute(app: Api, { receiptKeys }: RouteContext): void {
  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        operationId: 'getJwks',
        summary: 'Public keys of receipts, newest first; replaced ones stay for ever',
        tags: ['rotations'],
        response: {
          200: {
            description: 'A JSON Web Key Set (RFC 7517)',
            content: {
              'application/jwk-set+json': {
                schema: z.object({ keys: z.array(PublishedKeySchema) }),
              },
            },
          },
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${CACHED_S}`);
      reply.type('application/jwk-set+json');
      return { keys: [...receiptKeys.jwks.keys] };
    },
  );
}
