import type { NoticeRecord } from '../core/alerts/notice.ts';
import { eventOf, type Sender } from './event.ts';
import type { PostRequest } from './post.ts';
import type { WebhookReceiver } from './receiver.ts';
import { signatureHeaders } from './signature.ts';

/** A notice as a CloudEvent in structured mode, signed where there is a key. */
export function webhookRequest(
  receiver: WebhookReceiver,
  notice: NoticeRecord,
  sender: Sender,
  nowMs: number,
): PostRequest {
  const event = eventOf(notice, sender);
  const body = JSON.stringify(event);
  const { hmacKey } = receiver;
  return {
    url: new URL(receiver.url.reveal()),
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...(hmacKey === null ? {} : signatureHeaders(hmacKey, event.id, body, nowMs)),
    },
    body,
  };
}
