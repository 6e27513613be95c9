import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { eventStretchOf } from '../history-stretch.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { EVENT_STRETCH, VerifierHistorySchema } from '../schemas/history.ts';
import { problems } from '../schemas/problem.ts';
import { latestOf, verifierEventView } from '../views/history-events.ts';

const KEPT_MS = 30 * 86_400_000;

/** What became of one verifier. */
export function historyVerifierRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/history/verifiers/:service/:instance/:cache',
    {
      schema: {
        operationId: 'getVerifierHistory',
        summary: 'What happened to one verifier, and what it verified minute by minute',
        description:
          'The latest 200 events of a verifier are kept, for 30 days, and 100,000 of all together; ' +
          'of ten minutes at most 15 of its keys and 15 of the rest. Minutes are of the last hour and in memory alone.',
        tags: ['history'],
        params: z.object({
          service: z.string().min(1).max(64),
          instance: z.string().min(1).max(128),
          cache: z.string().min(1).max(64),
        }),
        querystring: z.strictObject(EVENT_STRETCH),
        response: { 200: VerifierHistorySchema, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { history, engine } = context;
      const key = verifierKey(request.params);
      const stretch = eventStretchOf(request.query, history.nowMs(), KEPT_MS);
      const events = history.verifierEvents(key, stretch);
      // One that is gone still has what happened to it.
      if (events.length === 0 && !engine.state().fleet.verifiers.has(key)) throw noSuchVerifier();
      const { at, ok, attributable, other } = history.verifierMinutes(key);
      return {
        ...request.params,
        version: history.version(),
        ...latestOf(events, request.query.limit, verifierEventView),
        minutes: { at: [...at], ok: [...ok], attributable: [...attributable], other: [...other] },
      };
    },
  );
}

function noSuchVerifier(): ApiError {
  return new ApiError(
    'NOT_FOUND',
    'No verifier of this name is known, and none was lately; GET /v1/verifiers lists those there are.',
    'service',
  );
}
