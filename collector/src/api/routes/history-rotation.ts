import { z } from 'zod';
import { noSuchRotation } from '../api-error.ts';
import { gridView, readInTurn, stretchOf } from '../history-stretch.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { RotationIdSchema } from '../schemas/acts.ts';
import { RotationHistorySchema, STRETCH } from '../schemas/history.ts';
import { problems } from '../schemas/problem.ts';
import { marksView } from '../views/history-marks.ts';
import { armView, gateColumns, propagationColumns } from '../views/history-rotation.ts';

/** Shown before a rotation's start, where nobody says from when. */
const BEFORE_MS = 60_000;

/** One rotation over time. */
export function historyRotationRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/history/rotations/:rotation_id',
    {
      schema: {
        operationId: 'getRotationHistory',
        summary: 'How far a rotation had come, what its gates said, and how both keys compared',
        description:
          'Kept as long as tokens, after its end too; verdicts for 400 days. Where nobody says from ' +
          'when to when, from its start to its end.',
        tags: ['history'],
        params: z.object({ rotation_id: RotationIdSchema }),
        querystring: z.strictObject(STRETCH),
        response: { 200: RotationHistorySchema, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { history, engine, heavy } = context;
      const rotation = engine.state().rotations.get(request.params.rotation_id);
      if (rotation === undefined) throw noSuchRotation();
      const { id, issuer, newKid, oldKid, startedAtMs, endedAtMs } = rotation;
      const stretch = stretchOf(request.query, history.nowMs(), {
        fromMs: startedAtMs - BEFORE_MS,
        ...(endedAtMs === null ? {} : { toMs: endedAtMs }),
      });
      return readInTurn(heavy, stretch, async () => {
        const drawn = history.rotation(id, stretch);
        const tokens = history.tokens(issuer, stretch).buckets;
        return {
          rotation_id: id,
          issuer,
          ...gridView(drawn, history.version()),
          propagation: propagationColumns(drawn.buckets),
          control: {
            new: armView(newKid, tokens),
            old: armView(oldKid, tokens),
            key: marksView(drawn.buckets, 'key'),
            holders: marksView(drawn.buckets, 'holders'),
          },
          gates: gateColumns(history.gates(id, history.nowMs()), rotation, stretch),
        };
      });
    },
  );
}
