import { z } from 'zod';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Api, RouteContext } from '../route-context.ts';

/** With hundreds of services a scrape is work; more scrapers than this are told to come back. */
const WAITING_MAX = 8;

/** What Prometheus scrapes. */
export function metricsRoute(app: Api, { metrics }: RouteContext): void {
  const scrapes = oneAtATime(WAITING_MAX);
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics for Prometheus',
        tags: ['health'],
        response: {
          200: {
            description: 'Prometheus text format 0.0.4; see docs/metrics.md',
            content: { 'text/plain': { schema: z.string() } },
          },
        },
      },
    },
    async (_request, reply) => {
      reply.type(metrics.contentType).serializer(String);
      return scrapes.run(() => metrics.read());
    },
  );
}
