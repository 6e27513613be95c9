import { z } from 'zod';
import { noSuchIssuer } from '../api-error.ts';
import { eventStretchOf } from '../history-stretch.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { EVENT_STRETCH, IssuerHistorySchema, IssuerParamSchema } from '../schemas/history.ts';
import { problems } from '../schemas/problem.ts';
import { jwksEventView, latestOf } from '../views/history-events.ts';

const KEPT_MS = 400 * 86_400_000;

/** What an issuer's JWKS was at each of its addresses. */
export function historyIssuersRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/history/issuers',
    {
      schema: {
        operationId: 'getIssuerHistory',
        summary: 'How the JWKS of one issuer changed, and when it could not be read',
        description: 'The latest 1,000 changes of an issuer are kept, for 400 days.',
        tags: ['history'],
        querystring: z.strictObject({ issuer: IssuerParamSchema, ...EVENT_STRETCH }),
        response: { 200: IssuerHistorySchema, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { issuer, ...asked } = request.query;
      const { history, engine } = context;
      if (!engine.state().policy.issuers.has(issuer)) throw noSuchIssuer();
      const events = history.jwksEvents(issuer, eventStretchOf(asked, history.nowMs(), KEPT_MS));
      const shown = latestOf(events, asked.limit, jwksEventView);
      return { issuer, version: history.version(), ...shown };
    },
  );
}
