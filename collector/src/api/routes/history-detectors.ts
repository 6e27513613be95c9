import { z } from 'zod';
import { DETECTORS } from '../../history/detector-bucket.ts';
import { noSuchIssuer } from '../api-error.ts';
import { gridView, readInTurn, stretchOf } from '../history-stretch.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { DetectorHistorySchema, IssuerParamSchema, STRETCH } from '../schemas/history.ts';
import { problems } from '../schemas/problem.ts';
import { marksView } from '../views/history-marks.ts';

/** How near an issuer's detectors were to firing. */
export function historyDetectorsRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/history/detectors',
    {
      schema: {
        operationId: 'getDetectorHistory',
        summary: 'Scores of the detectors over one issuer, against their thresholds',
        description: 'Kept as long as tokens; of wider buckets the highest score is kept.',
        tags: ['history'],
        querystring: z.strictObject({ issuer: IssuerParamSchema, ...STRETCH }),
        response: { 200: DetectorHistorySchema, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const { issuer, ...asked } = request.query;
      const { history, engine, heavy } = context;
      if (!engine.state().policy.issuers.has(issuer)) throw noSuchIssuer();
      const stretch = stretchOf(asked, history.nowMs());
      return readInTurn(heavy, stretch, async () => {
        const drawn = history.detectors(issuer, stretch);
        return {
          issuer,
          ...gridView(drawn, history.version()),
          detectors: DETECTORS.map((name) => ({ name, ...marksView(drawn.buckets, name) })),
        };
      });
    },
  );
}
