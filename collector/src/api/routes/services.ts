import { z } from 'zod';
import { ServiceSchema } from '../schemas/fleet.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { serviceViews } from '../views/fleet.ts';

/** Every service that verifies tokens, declared or heard of. */
export function servicesRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/services',
    {
      schema: {
        operationId: 'listServices',
        summary: 'Services that verify tokens, with their counts',
        tags: ['fleet'],
        response: { 200: z.object({ services: z.array(ServiceSchema) }) },
      },
    },
    async () => ({ services: serviceViews(context.engine.state()) }),
  );
}
