import { randomBytes } from 'node:crypto';
import { isoMoment } from '../iso-moment.ts';
import { alertmanagerRequests } from './alertmanager.ts';
import type { Sender } from './event.ts';
import { statusUrl } from '../links.ts';
import { enqueue } from './pagerduty.ts';
import type { PostRequest } from './post.ts';
import type { PagerdutyReceiver, Receiver, WebhookReceiver } from './receiver.ts';
import { signatureHeaders } from './signature.ts';
import { slackMessage, slackText } from './slack.ts';

/** An alert of a test ends by itself after this. */
const LASTS_MS = 60_000;

const SENTENCE = 'This is a test of Keyturn. Nothing is wrong.';

/** What a receiver is sent to see whether it takes anything; it wakes nobody where that can be said. */
export function testRequests(
  receiver: Receiver,
  sender: Sender,
  nowMs: number,
): readonly PostRequest[] {
  const id = `test-${randomBytes(6).toString('hex')}`;
  switch (receiver.type) {
    case 'alertmanager':
      return receiver.urls.flatMap((url) => alertmanagerRequests(url, [testAlert(sender, nowMs)]));
    case 'pagerduty':
      return pagerdutyTest(receiver, id, sender);
    case 'slack':
      return [slackMessage(receiver, [`*[TEST]* ${SENTENCE}`, `from ${slackText(sender.name)}`])];
    case 'webhook':
      return [webhookTest(receiver, id, sender, nowMs)];
  }
}

function testAlert({ publicUrl }: Sender, nowMs: number) {
  return {
    labels: { alertname: 'KeyturnTest', severity: 'info' },
    annotations: { summary: SENTENCE },
    startsAt: isoMoment(nowMs),
    endsAt: isoMoment(nowMs + LASTS_MS),
    generatorURL: statusUrl(publicUrl),
  };
}

/** An incident that is over at once. */
function pagerdutyTest(
  receiver: PagerdutyReceiver,
  id: string,
  { name }: Sender,
): readonly PostRequest[] {
  return ['trigger', 'resolve'].map((action) =>
    enqueue(receiver, '/v2/enqueue', {
      routing_key: receiver.routingKey.reveal(),
      event_action: action,
      dedup_key: id,
      payload: { summary: SENTENCE, source: name, severity: 'info' },
    }),
  );
}

function webhookTest(
  { url, hmacKey }: WebhookReceiver,
  id: string,
  { name }: Sender,
  nowMs: number,
): PostRequest {
  const body = JSON.stringify({
    specversion: '1.0',
    id,
    source: encodeURI(name),
    type: 'dev.keyturn.test',
    time: isoMoment(nowMs),
    datacontenttype: 'application/json',
    data: { message: SENTENCE },
  });
  return {
    url: new URL(url.reveal()),
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...(hmacKey === null ? {} : signatureHeaders(hmacKey, id, body, nowMs)),
    },
    body,
  };
}
