import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { preferred } from '../preferred.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { DASHBOARD_POLICY } from '../security-headers.ts';

/** Paths of the dashboard's pages: deep links lead to the same page, which reads its own address. */
const PAGES = [
  '/',
  '/rotations',
  '/rotations/:rotation_id',
  '/verifiers',
  '/verifiers/:service/:instance/:cache',
  '/alerts',
  '/alerts/:alert_id',
  '/issuers',
  '/inventory',
] as const;

const YEAR_S = 31_536_000;

/** The dashboard: one page and its files. */
export function dashboardRoutes(app: Api, { dashboard }: RouteContext): void {
  for (const path of PAGES) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => {
      if (dashboard === null) return reply.redirect('/status');
      return reply
        .header('content-security-policy', DASHBOARD_POLICY)
        .type('text/html; charset=utf-8')
        .serializer(String)
        .send(dashboard.page);
    });
  }
  app.get(
    '/assets/:name',
    {
      schema: { hide: true, params: z.object({ name: z.string().max(128) }) },
    },
    async (request, reply) => {
      const file = dashboard?.files.get(request.params.name);
      if (file === undefined) {
        throw new ApiError(
          'NOT_FOUND',
          'The dashboard has no such file; the page may be of another version: load it again.',
          'name',
        );
      }
      const zipped = preferred(request.headers['accept-encoding'] ?? '', ['gzip']) === 'gzip';
      reply
        // Named by its content, so it never changes.
        .header('cache-control', `public, max-age=${YEAR_S}, immutable`)
        .header('vary', 'accept-encoding')
        .type(file.type);
      if (zipped) reply.header('content-encoding', 'gzip');
      return reply.send(zipped ? file.gzipped : file.body);
    },
  );
}
