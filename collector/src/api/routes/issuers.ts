import { z } from 'zod';
import { IssuerSchema } from '../schemas/fleet.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { issuerViews } from '../views/fleet.ts';

/** Every configured issuer, as the collector itself sees it. */
export function issuersRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/issuers',
    {
      schema: {
        operationId: 'listIssuers',
        summary: 'Issuers, their vantages and their keys, as the collector sees them',
        tags: ['fleet'],
        response: { 200: z.object({ issuers: z.array(IssuerSchema) }) },
      },
    },
    async () => ({ issuers: issuerViews(context.engine.state()) }),
  );
}
