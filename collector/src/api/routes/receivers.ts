import { z } from 'zod';
import { AlertEventSchema, RotationEventSchema } from '../../notify/event.ts';
import { ApiError } from '../api-error.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { problems } from '../schemas/problem.ts';
import { ReceiverSchema, ReceiverTestSchema } from '../schemas/receiver.ts';
import { receiverTestView, receiverView } from '../views/receiver.ts';

const TESTS_WAITING_MAX = 4;

/** Who is told of alerts, and whether they take it. */
export function receiversRoute(app: Api, { notifier }: RouteContext): void {
  app.get(
    '/v1/receivers',
    {
      schema: {
        operationId: 'listReceivers',
        summary: 'Who is told of alerts, and how it stands with them',
        tags: ['alerts'],
        response: { 200: z.object({ receivers: z.array(ReceiverSchema) }) },
      },
    },
    async () => ({ receivers: notifier.health().map(receiverView) }),
  );
}

/** Sends a receiver a message that says that it is a test. */
export function testReceiverRoute(app: Api, { notifier }: RouteContext): void {
  // One at a time, so that nobody makes the collector knock on doors for them.
  const tests = oneAtATime(TESTS_WAITING_MAX);
  app.post(
    '/v1/receivers/:receiver/test',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'testReceiver',
        summary: 'Send a receiver a test, and say what it answered',
        tags: ['alerts'],
        params: z.object({ receiver: z.string().min(1).max(64) }),
        response: { 200: ReceiverTestSchema, ...problems(400, 401, 404, 503) },
      },
    },
    async (request) => {
      const { receiver } = request.params;
      const answers = await tests.run(() => notifier.test(receiver));
      if (answers === undefined) {
        throw new ApiError('NOT_FOUND', `There is no receiver ${receiver} in the settings.`);
      }
      return receiverTestView(receiver, answers);
    },
  );
}

const EVENTS = { 'alert-event': AlertEventSchema, 'rotation-event': RotationEventSchema };

/** What `data` of the events looks like that webhooks are sent. */
export function eventSchemasRoute(app: Api): void {
  app.get(
    '/v1/schemas/:event',
    {
      schema: {
        operationId: 'getEventSchema',
        summary: 'JSON schema of what webhooks are sent',
        tags: ['alerts'],
        params: z.object({ event: z.enum(['alert-event', 'rotation-event']) }),
        response: { 200: z.record(z.string(), z.unknown()), ...problems(400) },
      },
    },
    async (request) => z.toJSONSchema(EVENTS[request.params.event]) as Record<string, unknown>,
  );
}
