import { z } from 'zod';
import { noSuchRotation } from '../api-error.ts';
import { VerifierSchema, VerifierStateSchema } from '../schemas/fleet.ts';
import { problems } from '../schemas/problem.ts';
import { RotationIdSchema } from '../schemas/acts.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { verifierView } from '../views/verifier.ts';
import { verifierPage } from '../views/verifier-page.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

/** Verifiers, one page at a time. */
export function verifiersRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/verifiers',
    {
      schema: {
        operationId: 'listVerifiers',
        summary: 'Verifiers by name, filtered and in pages',
        tags: ['fleet'],
        querystring: z.strictObject({
          service: z.string().min(1).max(64).optional(),
          state: VerifierStateSchema.optional(),
          rotation: RotationIdSchema.optional().describe('Only what concerns this rotation'),
          after: z.string().max(300).optional().describe('`next` of the page before'),
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
        }),
        response: {
          200: z.object({ verifiers: z.array(VerifierSchema), next: z.string().nullable() }),
          ...problems(400, 404),
        },
      },
    },
    async (request) => {
      const { service, state, rotation, after, limit } = request.query;
      const now = context.engine.state();
      if (rotation !== undefined && !now.rotations.has(rotation)) throw noSuchRotation();
      const page = verifierPage(now, { service, state, rotationId: rotation, after, limit });
      return {
        verifiers: page.verifiers.map((verifier) => verifierView(now.policy, verifier)),
        next: page.next,
      };
    },
  );
}
