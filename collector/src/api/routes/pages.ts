import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ALERT_NAMES } from '../../core/alerts/catalogue.ts';
import { ApiError } from '../api-error.ts';
import { alertPage } from '../pages/alert-page.ts';
import { runbookPage } from '../pages/runbook-page.ts';
import { statusPage } from '../pages/status-page.ts';
import { STYLE_SHA256 } from '../pages/style.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { AlertIdSchema } from '../schemas/alert.ts';
import { problems } from '../schemas/problem.ts';
import { pagePolicy } from '../security-headers.ts';
import { alertView } from '../views/alert.ts';
import { statusView } from '../views/status.ts';
import { findAlert } from './alerts.ts';

const RUNBOOKS = path.join(import.meta.dirname, '../../../../docs/alerts');

const HTML = {
  description: 'HTML',
  content: { 'text/html': { schema: z.string() } },
};

/** Pages for people: the status, one alert, and what to do about each kind of alert. */
export function pageRoutes(app: Api, context: RouteContext): void {
  const { engine } = context;
  app.get(
    '/status',
    {
      schema: {
        operationId: 'getStatusPage',
        summary: 'Status page for people, without scripts',
        tags: ['fleet'],
        response: { 200: HTML },
      },
    },
    async (_request, reply) => {
      asPage(reply);
      return statusPage(statusView(engine, context.canaries, context.version));
    },
  );
  app.get(
    '/status/alerts/:alert_id',
    {
      schema: {
        operationId: 'getAlertPage',
        summary: 'One alert, for people, without scripts',
        tags: ['alerts'],
        params: z.object({ alert_id: AlertIdSchema }),
        response: { 200: HTML, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const alert = findAlert(engine.state().alerts.values(), request.params.alert_id);
      asPage(reply);
      return alertPage(alertView(engine.state(), alert, engine.nowMs()), engine.nowMs());
    },
  );
  app.get(
    '/runbooks/:name',
    {
      schema: {
        operationId: 'getRunbook',
        summary: 'What a kind of alert means and what to do, for people',
        tags: ['alerts'],
        params: z.object({ name: z.enum(ALERT_NAMES) }),
        response: { 200: HTML, ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const text = await runbook(name);
      asPage(reply);
      return runbookPage(name, text);
    },
  );
}

interface PageReply {
  header(name: string, value: string): unknown;
  type(value: string): { serializer(as: (payload: unknown) => string): unknown };
}

function asPage(reply: PageReply): void {
  reply.header('content-security-policy', pagePolicy(STYLE_SHA256));
  reply.type('text/html; charset=utf-8').serializer(String);
}

async function runbook(name: (typeof ALERT_NAMES)[number]): Promise<string> {
  try {
    return await readFile(path.join(RUNBOOKS, `${name}.md`), 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new ApiError(
      'NOT_FOUND',
      `The page about ${name} is not installed with this collector; see docs/alerts/${name}.md of its sources.`,
      'name',
    );
  }
}
