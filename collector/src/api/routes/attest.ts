import { z } from 'zod';
import { newRecordId } from '../../new-ids.ts';
import { ApiError, carriedOut } from '../api-error.ts';
import { AttestSchema, RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { AttestationSchema } from '../schemas/rotation.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { attestationView } from '../views/rotation.ts';

/** A named person vouches for a service that cannot report. */
export function attestRoute(app: Api, context: RouteContext): void {
  app.post(
    '/v1/rotations/:rotation_id/attestations',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'attest',
        summary: 'Vouch for a service that cannot report, with a reason and an expiry',
        tags: ['acts'],
        params: z.object({ rotation_id: RotationIdSchema }),
        body: AttestSchema,
        response: {
          201: z.object({ attestation: AttestationSchema }),
          ...problems(400, 401, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const { service, instance, fact, by, reason, valid_for_s: validForS } = request.body;
      const done = carriedOut(
        await context.engine.act({
          type: 'attest',
          id: newRecordId('att'),
          by,
          rotationId: request.params.rotation_id,
          service,
          instance: instance ?? null,
          fact,
          reason,
          validForMs: validForS * 1_000,
        }),
      );
      if (done.attestation === null) throw new ApiError('UNAVAILABLE', 'Nothing was recorded.');
      return reply
        .code(201)
        .send({ attestation: attestationView(done.attestation, context.engine.nowMs()) });
    },
  );
}
