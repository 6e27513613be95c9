import { parseDurationMs } from '@keyturn/shared/settings.ts';
import { z } from 'zod';
import { awaitChange } from '../await-change.ts';
import { RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { GateSchema, VerdictSchema } from '../schemas/verdict.ts';
import { goneSignal } from '../gone-signal.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { gateView } from '../views/gate.ts';

/** Longest long poll, milliseconds. */
const WAIT_MS_MAX = 600_000;

const WaitSchema = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, {
    error: 'expected a duration with a unit (ms, s, m, h), such as 60s',
  })
  .describe(
    'With `index`: answer when the revision differs, at the latest after this; at most 10m',
  );

/** GET the verdict: always 200, whatever it says. */
export function gateRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/rotations/:rotation_id/gates/:gate',
    {
      schema: {
        operationId: 'getGate',
        summary: 'The verdict of one gate',
        description:
          'Always 200 with the verdict, open or not; `ready` is true only when it is open. ' +
          'With `index` (a revision already seen) and `wait`, answers when the revision differs; ' +
          'early answers are possible.',
        tags: ['gates'],
        params: z.object({ rotation_id: RotationIdSchema, gate: GateSchema }),
        querystring: z.strictObject({
          index: z.coerce.number().int().min(0).optional().describe('Revision already seen'),
          wait: WaitSchema.optional(),
        }),
        response: { 200: VerdictSchema, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { rotation_id: rotationId, gate } = request.params;
      const { index, wait = '0' } = request.query;
      const waitMs = index === undefined ? 0 : Math.min(parseDurationMs(wait) ?? 0, WAIT_MS_MAX);
      const verdict = await awaitChange(
        { engine: context.engine, listeners: context.waiters, clock: context.clock },
        { rotationId, gate, index: index ?? -1, waitMs },
        goneSignal(reply.raw),
      );
      return gateView(context.engine, verdict);
    },
  );
}
