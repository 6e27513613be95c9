import { z } from 'zod';
import { gridView, readInTurn, stretchOf } from '../history-stretch.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { IssuerParamSchema, STRETCH, TokenHistorySchema } from '../schemas/history.ts';
import { noSuchIssuer } from '../api-error.ts';
import { problems } from '../schemas/problem.ts';
import { tokenSeries } from '../views/history-tokens.ts';

const SERIES_MAX = 64;

/** Verifications per second, by kid and outcome. */
export function historyTokensRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/history/tokens',
    {
      schema: {
        operationId: 'getTokenHistory',
        summary: 'Verifications per second of one issuer, by kid and outcome',
        description:
          'Kept in buckets of 10 s for 2 hours, of a minute for 2 days, of ten minutes for 30 days. ' +
          'What verifiers tell late is placed where it happened as long as the bucket is open.',
        tags: ['history'],
        querystring: z.strictObject({
          issuer: IssuerParamSchema,
          kid: z.string().min(1).max(128).optional(),
          ...STRETCH,
        }),
        response: { 200: TokenHistorySchema, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { issuer, kid, ...asked } = request.query;
      const { history, engine, heavy } = context;
      if (!engine.state().policy.issuers.has(issuer)) throw noSuchIssuer();
      const stretch = stretchOf(asked, history.nowMs());
      return readInTurn(heavy, stretch, async () => {
        const drawn = history.tokens(issuer, stretch);
        return {
          issuer,
          ...gridView(drawn, history.version()),
          reporting: drawn.buckets.map((bucket) => bucket?.reporting ?? null),
          known: drawn.buckets.map((bucket) => bucket?.known ?? null),
          ...tokenSeries(drawn, kid, SERIES_MAX),
          late: history.late(),
        };
      });
    },
  );
}
