import { z } from 'zod';
import type { AlertRecord } from '../../core/alerts/alert.ts';
import { ALERT_NAMES } from '../../core/alerts/catalogue.ts';
import { ApiError, carriedOut } from '../api-error.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { RotationIdSchema } from '../schemas/acts.ts';
import {
  AcknowledgeSchema,
  AlertIdSchema,
  AlertSchema,
  AlertStatusSchema,
} from '../schemas/alert.ts';
import { problems } from '../schemas/problem.ts';
import { alarms, alertView, alertViews } from '../views/alert.ts';
import { alertList } from '../views/alert-list.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

const QuerySchema = z.strictObject({
  firing: z
    .stringbool()
    .optional()
    .describe('Only those that count: firing and no_data, or the others'),
  status: AlertStatusSchema.optional(),
  name: z.enum(ALERT_NAMES).optional(),
  rotation: RotationIdSchema.optional(),
  issuer: z.string().min(1).max(512).optional(),
  service: z.string().min(1).max(64).optional(),
  after: z.string().max(128).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

/** Alerts that fire, wait to, or were resolved within a day; and taking one on. */
export function alertRoutes(app: Api, context: RouteContext): void {
  const { engine } = context;
  app.get(
    '/v1/alerts',
    {
      schema: {
        operationId: 'listAlerts',
        summary: 'Alerts, those that fire first, filtered and in pages',
        tags: ['alerts'],
        querystring: QuerySchema,
        response: {
          200: z.object({
            alerts: z.array(AlertSchema),
            next: z.string().nullable(),
            alarms: z.int().describe('How many fire in all, the watchdog left out'),
          }),
          ...problems(400),
        },
      },
    },
    async (request) => {
      const { after = '', limit } = request.query;
      const state = engine.state();
      const page = alertList(state, request.query, { after, limit });
      return {
        alerts: page.alerts.map(alertViews(state, engine.nowMs())),
        next: page.next,
        alarms: alarms(state).length,
      };
    },
  );
  app.get(
    '/v1/alerts/:alert_id',
    {
      schema: {
        operationId: 'getAlert',
        summary: 'One alert',
        tags: ['alerts'],
        params: z.object({ alert_id: AlertIdSchema }),
        response: { 200: z.object({ alert: AlertSchema }), ...problems(400, 404) },
      },
    },
    async (request) => {
      const alert = findAlert(engine.state().alerts.values(), request.params.alert_id);
      return { alert: alertView(engine.state(), alert, engine.nowMs()) };
    },
  );
  app.post(
    '/v1/alerts/:alert_id/acknowledge',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'acknowledgeAlert',
        summary: 'Take an alert on, with a reason; it fires all the same',
        tags: ['acts'],
        params: z.object({ alert_id: AlertIdSchema }),
        body: AcknowledgeSchema,
        response: { 200: z.object({ alert: AlertSchema }), ...problems(400, 401, 404, 409, 503) },
      },
    },
    async (request) => {
      const alertId = request.params.alert_id;
      const done = carriedOut(await engine.act({ type: 'acknowledge', alertId, ...request.body }));
      if (done.alert === null) throw new ApiError('UNAVAILABLE', 'Nothing was recorded.');
      return { alert: alertView(engine.state(), done.alert, engine.nowMs()) };
    },
  );
}

/** The alert of an id; throws ApiError NOT_FOUND. */
export function findAlert(alerts: Iterable<AlertRecord>, id: string): AlertRecord {
  for (const alert of alerts) if (alert.id === id) return alert;
  throw new ApiError(
    'NOT_FOUND',
    'There is no alert with this id, or it was resolved more than a day ago; `keyturn alerts --all` shows those there are.',
    'alert_id',
  );
}
