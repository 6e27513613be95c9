import { z } from 'zod';
import { newRotationId } from '../../new-ids.ts';
import { carriedOut, noSuchRotation } from '../api-error.ts';
import { RotationIdSchema, StartSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { RotationDetailSchema, RotationSchema } from '../schemas/rotation.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { rotationView } from '../views/rotation.ts';
import { rotationDetailView } from '../views/rotation-detail.ts';

const SHOWN_MAX = 200;

/** List rotations, newest first. */
export function rotationsRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/rotations',
    {
      schema: {
        operationId: 'listRotations',
        summary: 'Rotations, newest first',
        tags: ['rotations'],
        querystring: z.strictObject({
          state: z.enum(['open', 'ended', 'all']).default('open'),
        }),
        response: {
          200: z.object({
            rotations: z.array(RotationSchema),
            more: z.int().describe(`Rotations beyond the ${SHOWN_MAX} listed`),
          }),
          ...problems(400),
        },
      },
    },
    async (request) => {
      const wanted = request.query.state;
      const state = context.engine.state();
      const found = [...state.rotations.values()]
        .filter(
          (rotation) => wanted === 'all' || (rotation.endedAtMs === null) === (wanted === 'open'),
        )
        .sort((a, b) => b.startedAtMs - a.startedAtMs);
      return {
        rotations: found.slice(0, SHOWN_MAX).map((rotation) => rotationView(state, rotation)),
        more: Math.max(0, found.length - SHOWN_MAX),
      };
    },
  );
}

/** Start a rotation. */
export function startRotationRoute(app: Api, context: RouteContext): void {
  app.post(
    '/v1/rotations',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'startRotation',
        summary: 'Start a rotation to a new key',
        tags: ['acts'],
        body: StartSchema,
        response: {
          201: z.object({ rotation: RotationSchema }),
          ...problems(400, 401, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const { issuer, alg, by } = request.body;
      const id = newRotationId(context.engine.nowMs());
      const done = carriedOut(
        await context.engine.act({
          type: 'start',
          id,
          by,
          issuer,
          alg,
          oldKid: request.body.old_kid ?? null,
          newKid: request.body.new_kid,
          newThumbprint: request.body.new_thumbprint ?? null,
        }),
      );
      if (done.rotation === null) throw noSuchRotation();
      reply.header('location', `/v1/rotations/${id}`);
      return reply
        .code(201)
        .send({ rotation: rotationView(context.engine.state(), done.rotation) });
    },
  );
}

/** One rotation with its gates and what people said about it. */
export function rotationRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/rotations/:rotation_id',
    {
      schema: {
        operationId: 'getRotation',
        summary: 'One rotation with its verdicts, attestations and waivers',
        tags: ['rotations'],
        params: z.object({ rotation_id: RotationIdSchema }),
        response: { 200: RotationDetailSchema, ...problems(400, 404) },
      },
    },
    async (request) => {
      const { engine } = context;
      const { rotation_id: id } = request.params;
      const rotation = engine.state().rotations.get(id);
      if (rotation === undefined) throw noSuchRotation();
      return rotationDetailView(engine, context.canaries, rotation);
    },
  );
}
