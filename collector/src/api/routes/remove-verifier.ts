import { z } from 'zod';
import { carriedOut } from '../api-error.ts';
import { BySchema, ReasonSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import type { Api, RouteContext } from '../route-context.ts';

/** DELETE a verifier that stopped for good without a goodbye. */
export function removeVerifierRoute(app: Api, context: RouteContext): void {
  for (const one of [false, true]) {
    app.delete(
      one ? '/v1/verifiers/:service/:instance/:cache' : '/v1/verifiers/:service/:instance',
      {
        config: { access: 'operator' },
        schema: {
          operationId: one ? 'removeVerifier' : 'removeInstance',
          summary: one ? 'Remove one cache of an instance' : 'Remove every cache of an instance',
          description: 'For verifiers that are gone for good; one that still reports is refused.',
          tags: ['acts'],
          params: z.object({
            service: z.string().min(1).max(64),
            instance: z.string().min(1).max(128),
            ...(one ? { cache: z.string().min(1).max(64) } : {}),
          }),
          querystring: z.strictObject({ by: BySchema, reason: ReasonSchema }),
          response: { 200: z.object({ removed: z.int() }), ...problems(400, 401, 404, 409, 503) },
        },
      },
      async (request) => {
        const { service, instance } = request.params;
        const cache = 'cache' in request.params ? String(request.params.cache) : null;
        const done = carriedOut(
          await context.engine.act({
            type: 'remove_verifier',
            service,
            instance,
            cache,
            ...request.query,
          }),
        );
        return { removed: done.removed };
      },
    );
  }
}
