import { StatusSchema } from '../schemas/status.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { statusView } from '../views/status.ts';

/** The collector, its issuers and every open rotation at a glance. */
export function statusRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/status',
    {
      schema: {
        operationId: 'getStatus',
        summary: 'Collector, issuers and open rotations with their verdicts',
        tags: ['fleet'],
        response: { 200: StatusSchema },
      },
    },
    async () => statusView(context.engine, context.canaries, context.version),
  );
}
