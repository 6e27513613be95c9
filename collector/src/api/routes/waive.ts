import { z } from 'zod';
import { newRecordId } from '../../new-ids.ts';
import { ApiError, carriedOut } from '../api-error.ts';
import { RotationIdSchema, WaiveSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { WaiverSchema } from '../schemas/rotation.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { waiverView } from '../views/rotation.ts';

/** A named person sets one check of one gate aside. */
export function waiveRoute(app: Api, context: RouteContext): void {
  app.post(
    '/v1/rotations/:rotation_id/waivers',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'waive',
        summary: 'Set one check of one gate aside, with a reason and an expiry',
        tags: ['acts'],
        params: z.object({ rotation_id: RotationIdSchema }),
        body: WaiveSchema,
        response: { 201: z.object({ waiver: WaiverSchema }), ...problems(400, 401, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const { gate, check_id: checkId, by, reason, valid_for_s: validForS } = request.body;
      const done = carriedOut(
        await context.engine.act({
          type: 'waive',
          id: newRecordId('wvr'),
          by,
          rotationId: request.params.rotation_id,
          gate,
          checkId,
          reason,
          validForMs: validForS * 1_000,
        }),
      );
      if (done.waiver === null) throw new ApiError('UNAVAILABLE', 'Nothing was recorded.');
      return reply.code(201).send({ waiver: waiverView(done.waiver, context.engine.nowMs()) });
    },
  );
}
