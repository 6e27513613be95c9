import { z } from 'zod';
import type { Api } from '../route-context.ts';

/** The description of this API. */
export function openApiRoute(app: Api): void {
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'getOpenApi',
        summary: 'This document',
        tags: ['health'],
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    async () => ({ ...app.swagger() }),
  );
}
