import { z } from 'zod';
import { refusalError } from '../api-error.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { HandOverSchema, RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { CanariesSchema } from '../schemas/rotation.ts';
import { canariesView } from '../views/canaries.ts';

/** Tooling hands over tokens that agents present to their verifiers. */
export function canariesRoute(app: Api, context: RouteContext): void {
  app.post(
    '/v1/rotations/:rotation_id/canaries',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'handOverCanaries',
        summary: 'Hand over canary tokens of both keys',
        description:
          'Both are checked: signed by exactly the published keys of this rotation, with the ' +
          "issuer's exact `iss`, the canary audience alone, a short life and no privileges. They are " +
          'kept in memory until they expire, the rotation ends or the collector stops, and nowhere ' +
          'else. Those handed over before for the same rotation are forgotten.',
        tags: ['acts'],
        params: z.object({ rotation_id: RotationIdSchema }),
        body: HandOverSchema,
        response: {
          201: z.object({ canaries: CanariesSchema.nullable() }),
          ...problems(400, 401, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const { next, current, by } = request.body;
      const rotationId = request.params.rotation_id;
      const handed = await context.canaries.handOver({ rotationId, next, current, by });
      if (!handed.ok) throw refusalError(handed.result.refusal);
      return reply
        .code(201)
        .send({ canaries: canariesView(context.engine, context.canaries, rotationId) });
    },
  );
}
