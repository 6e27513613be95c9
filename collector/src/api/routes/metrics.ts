import { z } from 'zod';
import type { Api, RouteContext } from '../route-context.ts';

/** What Prometheus scrapes. */
export function metricsRoute(app: Api, { metrics }: RouteContext): void {
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
      return metrics.read();
    },
  );
}
