import { z } from 'zod';
import { statusPage } from '../pages/status-page.ts';
import { STYLE_SHA256 } from '../pages/style.ts';
import { pagePolicy } from '../security-headers.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { statusView } from '../views/status.ts';

/** The status page for people. */
export function statusPageRoute(app: Api, context: RouteContext): void {
  app.get(
    '/',
    {
      schema: {
        operationId: 'getStatusPage',
        summary: 'Status page for people',
        tags: ['fleet'],
        response: {
          200: {
            description: 'HTML',
            content: { 'text/html': { schema: z.string() } },
          },
        },
      },
    },
    async (_request, reply) => {
      reply.header('content-security-policy', pagePolicy(STYLE_SHA256));
      reply.type('text/html; charset=utf-8').serializer(String);
      return statusPage(statusView(context.engine, context.canaries, context.version));
    },
  );
}
