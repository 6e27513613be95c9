import { Readable } from 'node:stream';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { problems } from '../schemas/problem.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { alertEvents } from '../alert-events.ts';
import { verdictEvents } from '../verdict-events.ts';

const HEARTBEAT_MS = 15_000;

/** A reader this far behind is let go; it reconnects and starts from the present. */
const UNREAD_BYTES_MAX = 4 * 1_048_576;

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
      const stream = new Readable({ read: () => undefined });
      const verdicts = verdictEvents(context.engine);
      const alerts = alertEvents(context.engine);
      const send = (text: string): void => {
        if (stream.readableLength > UNREAD_BYTES_MAX) stream.destroy();
        else stream.push(text);
      };
      const remove = context.streams.add(null, () => {
        if (context.streams.closed) stream.push(null);
        else for (const event of verdicts()) send(event);
      });
      if (remove === undefined) {
        throw new ApiError('BUSY', 'Too many event streams are open.');
      }
      const unsubscribe = context.engine.onNews(() => {
        for (const event of alerts()) send(event);
      });
      let cancel = (): void => undefined;
      const beat = (): void => {
        send(': still here\n\n');
        cancel = context.clock.after(HEARTBEAT_MS, beat);
      };
      stream.once('close', () => {
        remove();
        unsubscribe();
        cancel();
      });
      send('retry: 2000\n\n');
      for (const event of [...verdicts(), ...alerts()]) send(event);
      beat();
      reply.header('content-type', 'text/event-stream; charset=utf-8');
      reply.header('x-accel-buffering', 'no');
      // The schema describes the text that goes over the wire; a stream carries it.
      return reply.send(stream as unknown as string);
    },
  );
}
