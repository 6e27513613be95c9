import { z } from 'zod';
import { ApiError, carriedOut } from '../api-error.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { RehearseSchema, RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { RehearsalSchema } from '../schemas/rehearsal.ts';
import { rehearsalView } from '../views/rehearsal.ts';

/** A dry run of going back, before the switch. */
export function rehearseRoute(app: Api, context: RouteContext): void {
  app.post(
    '/v1/rotations/:rotation_id/rehearsals',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'rehearse',
        summary: 'Rehearse going back to the old key, before the signer is switched',
        description:
          '201 whatever it finds: `status` says whether it passed. The rehearsal is kept with its checks.',
        tags: ['acts'],
        params: z.object({ rotation_id: RotationIdSchema }),
        body: RehearseSchema,
        response: {
          201: z.object({ rehearsal: RehearsalSchema }),
          ...problems(400, 401, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const done = carriedOut(
        await context.engine.act({
          type: 'rehearse',
          by: request.body.by,
          rotationId: request.params.rotation_id,
          oldKeyAvailable: request.body.old_key_available,
        }),
      );
      if (done.rehearsal === null) throw new ApiError('UNAVAILABLE', 'Nothing was recorded.');
      return reply.code(201).send({ rehearsal: rehearsalView(done.rehearsal) });
    },
  );
}
