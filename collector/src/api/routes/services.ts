import { z } from 'zod';
import { ServiceSchema } from '../schemas/service.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { serviceViews } from '../views/services.ts';

/** Every service that verifies tokens, declared or heard of. */
export function servicesRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/services',
    {
      schema: {
        operationId: 'listServices',
        summary: 'Services that verify tokens: how each is judged, and what it waits for',
        tags: ['fleet'],
        response: { 200: z.object({ services: z.array(ServiceSchema) }) },
      },
    },
    async () => ({
      services: serviceViews(context.engine.state(), context.engine.nowMs()),
    }),
  );
}
