import { z } from 'zod';
import { problems } from '../schemas/problem.ts';
import type { Api } from '../route-context.ts';

/** Tells whether a token is the operator token, without changing anything. */
export function operatorRoute(app: Api): void {
  app.get(
    '/v1/operator',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'getOperator',
        summary: 'Whether this token allows changes',
        tags: ['acts'],
        response: { 200: z.object({ operator: z.literal(true) }), ...problems(400, 401) },
      },
    },
    async () => ({ operator: true as const }),
  );
}
