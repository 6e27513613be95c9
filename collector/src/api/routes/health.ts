import { z } from 'zod';
import type { Api, RouteContext } from '../route-context.ts';

/** Liveness and readiness for whatever runs the collector. */
export function healthRoutes(app: Api, context: RouteContext): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'The process lives',
        tags: ['health'],
        response: { 200: z.object({ status: z.literal('alive') }) },
      },
    },
    async () => ({ status: 'alive' as const }),
  );

  const Readiness = z.object({
    ready: z.boolean(),
    store_writable: z.boolean(),
    hold_down: z.boolean().describe('Gates still say unknown; agents and readers are served'),
  });
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'The collector can do its work: the store takes writes',
        tags: ['health'],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const { health } = context.engine.state();
      const writable = health.storeFailingSinceMs === null;
      return reply.code(writable ? 200 : 503).send({
        ready: writable,
        store_writable: writable,
        hold_down: context.engine.nowMs() < health.holdDownUntilMs,
      });
    },
  );
}
