import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { EVENT_STREAM_HEADERS, eventStream } from '../event-stream.ts';
import { findLiveView, LIVE_VIEWS } from '../live/live-views.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { problems } from '../schemas/problem.ts';
import { MomentSchema } from '../schemas/verdict.ts';

const VIEWS_MAX = 8;

/** An issuer in a filter, each character of it encoded. */
const VIEW_CHARS_MAX = 2_000;

const ViewSchema = z
  .string()
  .max(VIEW_CHARS_MAX)
  .refine((name) => findLiveView(name) !== undefined, {
    error: `expected ${Object.keys(LIVE_VIEWS).join(', ')}, where it needs one with an argument after a colon`,
  })
  .describe('`name` or `name:argument`, for instance `overview` or `rotation:ID`');

const QuerySchema = z.strictObject({
  // Not a union: of that, nobody would hear what was expected.
  view: z.preprocess(
    (view) => (typeof view === 'string' ? [view] : view),
    z.array(ViewSchema).max(VIEWS_MAX).default([]),
  ),
});

const TickSchema = z.object({
  now_at: MomentSchema,
  started_at: MomentSchema,
  build: z.string(),
  versions: z.record(z.string(), z.number()),
});

/** What the dashboard watches. */
export function liveRoutes(app: Api, context: RouteContext): void {
  app.get(
    '/v1/live',
    {
      schema: {
        operationId: 'getLive',
        summary: 'Server-sent events for the dashboard: a tick each second, and views that changed',
        description:
          'Event `view`: a view that was asked for and differs from what was last sent; null: there is no ' +
          'such thing. Event `tick`, after those of its second: the collector time, which is also their ' +
          'moment, and versions of what is fetched apart.',
        tags: ['dashboard'],
        querystring: QuerySchema,
        produces: ['text/event-stream'],
        response: {
          200: {
            description: 'A stream of events',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...problems(400, 503),
        },
      },
    },
    async (request, reply) => {
      const stream = eventStream(context.clock);
      const remove = context.live.open(request.query.view, stream);
      if (remove === undefined) {
        stream.body.destroy();
        throw new ApiError('BUSY', 'Too many dashboards are open.');
      }
      stream.onGone(remove);
      reply.headers(EVENT_STREAM_HEADERS);
      // The schema describes the text that goes over the wire; a stream carries it.
      return reply.send(stream.body as unknown as string);
    },
  );
  app.get(
    '/v1/live/snapshot',
    {
      schema: {
        operationId: 'getLiveSnapshot',
        summary: 'The same views once, for a page nobody looks at',
        tags: ['dashboard'],
        querystring: QuerySchema,
        response: {
          200: z.object({ tick: TickSchema, views: z.record(z.string(), z.unknown()) }),
          ...problems(400),
        },
      },
    },
    async (request) => {
      const { tick, views } = context.live.snapshot(request.query.view);
      return { tick: { ...tick, versions: { ...tick.versions } }, views: { ...views } };
    },
  );
}
