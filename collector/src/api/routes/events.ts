import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { problems } from '../schemas/problem.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { alertEvents } from '../alert-events.ts';
import { EVENT_STREAM_HEADERS, eventStream } from '../event-stream.ts';
import { verdictEvents } from '../verdict-events.ts';

/** Server-sent events: the present verdicts and alerts, then one event per change. */
export function eventsRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/events',
    {
      schema: {
        operationId: 'getEvents',
        summary: 'Server-sent events: verdicts of open rotations and alerts now, then each change',
        description:
          'Event `verdict`: its data is a Verdict, its id the revision. Event `alert`: its data is an Alert.',
        tags: ['gates'],
        produces: ['text/event-stream'],
        response: {
          200: {
            description: 'A stream of events',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...problems(503),
        },
      },
    },
    async (_request, reply) => {
      const stream = eventStream(context.clock);
      const verdicts = verdictEvents(context.engine);
      const alerts = alertEvents(context.engine);
      const remove = context.streams.add(null, () => {
        if (context.streams.closed) stream.end();
        else for (const event of verdicts()) stream.send(event);
      });
      if (remove === undefined) {
        stream.body.destroy();
        throw new ApiError('BUSY', 'Too many event streams are open.');
      }
      const unsubscribe = context.engine.onNews(() => {
        for (const event of alerts()) stream.send(event);
      });
      stream.onGone(() => {
        remove();
        unsubscribe();
      });
      for (const event of [...verdicts(), ...alerts()]) stream.send(event);
      reply.headers(EVENT_STREAM_HEADERS);
      // The schema describes the text that goes over the wire; a stream carries it.
      return reply.send(stream.body as unknown as string);
    },
  );
}
