import { z } from 'zod';
import { newRecordId } from '../../new-ids.ts';
import { ApiError, carriedOut } from '../api-error.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { BySchema, ReasonSchema } from '../schemas/acts.ts';
import { SilenceBodySchema, SilenceIdSchema, SilenceSchema } from '../schemas/alert.ts';
import { problems } from '../schemas/problem.ts';
import { silenceView } from '../views/alert.ts';

/** Silences in force, making one, ending one before its time. */
export function silenceRoutes(app: Api, { engine }: RouteContext): void {
  app.get(
    '/v1/silences',
    {
      schema: {
        operationId: 'listSilences',
        summary: 'Silences in force',
        tags: ['alerts'],
        response: { 200: z.object({ silences: z.array(SilenceSchema) }) },
      },
    },
    async () => {
      const nowMs = engine.nowMs();
      const inForce = [...engine.state().silences.values()].filter(
        ({ expiresAtMs }) => expiresAtMs > nowMs,
      );
      return { silences: inForce.map(silenceView) };
    },
  );
  app.post(
    '/v1/silences',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'silenceAlerts',
        summary: 'Keep alerts from being told for a time, with a reason',
        description: 'They fire all the same, and shut the gates they shut.',
        tags: ['acts'],
        body: SilenceBodySchema,
        response: { 201: z.object({ silence: SilenceSchema }), ...problems(400, 401, 409, 503) },
      },
    },
    async (request, reply) => {
      const { name, labels, everything, by, reason, valid_for_s: validForS } = request.body;
      const done = carriedOut(
        await engine.act({
          type: 'silence',
          id: newRecordId('sil'),
          by,
          name: name ?? null,
          labels,
          everything,
          reason,
          validForMs: validForS * 1_000,
        }),
      );
      if (done.silence === null) throw new ApiError('UNAVAILABLE', 'Nothing was recorded.');
      return reply.code(201).send({ silence: silenceView(done.silence) });
    },
  );
  app.delete(
    '/v1/silences/:silence_id',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'endSilence',
        summary: 'End a silence before its time; what fires still is told',
        tags: ['acts'],
        params: z.object({ silence_id: SilenceIdSchema }),
        querystring: z.strictObject({ by: BySchema, reason: ReasonSchema }),
        response: {
          200: z.object({ silence: SilenceSchema }),
          ...problems(400, 401, 404, 409, 503),
        },
      },
    },
    async (request) => {
      const silenceId = request.params.silence_id;
      const done = carriedOut(await engine.act({ type: 'unsilence', silenceId, ...request.query }));
      if (done.silence === null) throw new ApiError('UNAVAILABLE', 'Nothing was recorded.');
      return { silence: silenceView(done.silence) };
    },
  );
}
