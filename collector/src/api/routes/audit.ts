import { z } from 'zod';
import { RotationIdSchema } from '../schemas/acts.ts';
import { AlertIdSchema } from '../schemas/alert.ts';
import { problems } from '../schemas/problem.ts';
import { AuditEntrySchema } from '../schemas/status.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { auditEntryView } from '../views/audit.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

/** The audit trail, oldest or newest first. */
export function auditRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/audit',
    {
      schema: {
        operationId: 'listAudit',
        summary: 'Every act, decision, observation and refusal, oldest first, in pages',
        description:
          'The next page begins at `next`: as `after` where the oldest come first, as `before` else.',
        tags: ['audit'],
        querystring: z.strictObject({
          rotation: RotationIdSchema.optional(),
          alert: AlertIdSchema.optional().describe('Its transitions, and acts that name it'),
          after: z.coerce.number().int().min(0).default(0).describe('Entries with a higher number'),
          before: z.coerce.number().int().min(1).optional().describe('Entries with a lower number'),
          order: z.enum(['oldest', 'newest']).default('oldest').describe('Which come first'),
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
        }),
        response: {
          200: z.object({ entries: z.array(AuditEntrySchema), next: z.int().nullable() }),
          ...problems(400, 503),
        },
      },
    },
    async (request) => {
      const { alert, rotation, after, before, order, limit } = request.query;
      const entries = context.engine.audit({
        ...(rotation === undefined ? {} : { rotationId: rotation }),
        ...(alert === undefined ? {} : { alertId: alert }),
        ...(before === undefined ? {} : { before }),
        after,
        order,
        limit: limit + 1,
      });
      const page = entries.slice(0, limit);
      return {
        entries: page.map(auditEntryView),
        next: entries.length > limit ? (page.at(-1)?.number ?? null) : null,
      };
    },
  );
}
