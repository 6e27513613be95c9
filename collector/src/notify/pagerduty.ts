import { plainText } from '@keyturn/shared/shown.ts';
import { isoMoment } from '../iso-moment.ts';
import type { AlertRecord } from '../core/alerts/alert.ts';
import { ALERT_KINDS } from '../core/alerts/catalogue.ts';
import type { AlertChange, News, NoticeRecord } from '../core/alerts/notice.ts';
import { dedupKey } from './dedup-key.ts';
import { newsId, type Sender } from './event.ts';
import { alertUrl, runbookUrl, statusUrl } from '../links.ts';
import type { PostRequest } from './post.ts';
import type { PagerdutyReceiver } from './receiver.ts';

// Events API v2: https://developer.pagerduty.com/docs/events-api-v2/overview/

/** Bound of the API on `summary`. */
const SUMMARY_CHARS_MAX = 1_024;

const ACTIONS: Readonly<Record<AlertChange, 'trigger' | 'acknowledge' | 'resolve'>> = {
  fired: 'trigger',
  worse: 'trigger',
  // The incident goes on; the entry in its log says why nothing else is heard.
  no_data: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
};

/** An alert as an event of its incident, a step of a rotation as a change event. */
export function pagerdutyRequest(
  receiver: PagerdutyReceiver,
  notice: NoticeRecord,
  sender: Sender,
): PostRequest {
  const { news } = notice;
  return news.kind === 'alert'
    ? enqueue(receiver, '/v2/enqueue', alertEvent(receiver, news, notice, sender))
    : enqueue(receiver, '/v2/change/enqueue', changeEvent(receiver, news, notice, sender));
}

/** One message for one of the two endpoints. */
export function enqueue(
  { url }: Pick<PagerdutyReceiver, 'url'>,
  path: string,
  body: unknown,
): PostRequest {
  const target = new URL(url);
  target.pathname = target.pathname.replace(/\/+$/, '') + path;
  return {
    url: target,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function alertEvent(
  { routingKey }: PagerdutyReceiver,
  { alert, change }: Extract<News, { readonly kind: 'alert' }>,
  notice: NoticeRecord,
  sender: Sender,
): unknown {
  const { publicUrl } = sender;
  return {
    routing_key: routingKey.reveal(),
    event_action: ACTIONS[change],
    dedup_key: dedupKey(alert.name, alert.labels),
    client: 'Keyturn',
    client_url: alertUrl(publicUrl, alert.id),
    links: [
      { href: runbookUrl(publicUrl, alert.name), text: 'Runbook' },
      { href: alertUrl(publicUrl, alert.id), text: 'Alert' },
    ],
    payload: {
      summary: plainText(alert.summary, SUMMARY_CHARS_MAX),
      source: sender.name,
      severity: alert.severity,
      timestamp: isoMoment(notice.createdAtMs),
      ...placeOf(alert),
      class: alert.name,
      custom_details: {
        title: ALERT_KINDS[alert.name].title,
        change,
        status: alert.status,
        alert: alert.id,
        notice: newsId(notice),
        labels: alert.labels,
        details: alert.details,
      },
    },
  };
}

/** Where it is, as far as the alert says. */
function placeOf({ labels }: AlertRecord): {
  readonly component?: string;
  readonly group?: string;
} {
  return {
    ...(labels.service === undefined ? {} : { component: labels.service }),
    ...(labels.issuer === undefined ? {} : { group: labels.issuer }),
  };
}

function changeEvent(
  { routingKey }: PagerdutyReceiver,
  { rotationId, issuer, step, by, message }: Extract<News, { readonly kind: 'rotation' }>,
  notice: NoticeRecord,
  sender: Sender,
): unknown {
  return {
    routing_key: routingKey.reveal(),
    payload: {
      summary: plainText(`Key rotation ${rotationId}: ${message}`, SUMMARY_CHARS_MAX),
      source: sender.name,
      timestamp: isoMoment(notice.createdAtMs),
      custom_details: { rotation: rotationId, issuer, step, by, notice: newsId(notice) },
    },
    links: [{ href: statusUrl(sender.publicUrl), text: 'Status of rotations' }],
  };
}
