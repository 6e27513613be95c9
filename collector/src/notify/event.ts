import { z } from 'zod';
import { ALERT_LABELS, ALERT_STATUSES } from '../core/alerts/alert.ts';
import { ALERT_NAMES, SEVERITIES } from '../core/alerts/catalogue.ts';
import { ALERT_CHANGES, type News, type NoticeRecord } from '../core/alerts/notice.ts';
import { alertFacts } from '../alert-facts.ts';
import { isoMoment } from '../iso-moment.ts';
import { alertUrl, eventSchemaUrl, runbookUrl, statusUrl } from '../links.ts';

/** What makers of messages know of the collector. */
export interface Sender {
  /** What it calls itself. */
  readonly name: string;
  /** Where people reach it, without a closing slash. */
  readonly publicUrl: string;
}

const moment = z.iso.datetime();

/** `data` of an event about an alert. */
export const AlertEventSchema = z.strictObject({
  change: z.enum(ALERT_CHANGES).describe('What happened to it'),
  alert: z.strictObject({
    id: z.string().describe('Of this occurrence'),
    name: z.enum(ALERT_NAMES),
    title: z.string().describe('What the kind of alert says, without values'),
    labels: z
      .partialRecord(z.enum(ALERT_LABELS), z.string())
      .describe('With the name, its identity'),
    severity: z.enum(SEVERITIES),
    status: z
      .enum(ALERT_STATUSES)
      .describe('no_data: it fires, and what would show its end cannot be seen now'),
    since_at: moment,
    fired_at: moment.nullable(),
    resolved_at: moment.nullable(),
    summary: z.string(),
    details: z.array(z.string()),
    acknowledged: z.strictObject({ by: z.string(), reason: z.string(), at: moment }).nullable(),
    url: z.string(),
    runbook_url: z.string(),
  }),
});

/** `data` of an event about a step of a rotation. */
export const RotationEventSchema = z.strictObject({
  step: z.string(),
  rotation: z.strictObject({ id: z.string(), issuer: z.string(), url: z.string() }),
  by: z.string(),
  message: z.string(),
});

/** A CloudEvent, specification 1.0.2, in its JSON format. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same whenever the same news is told again, and to every receiver. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  readonly data: z.infer<typeof AlertEventSchema> | z.infer<typeof RotationEventSchema>;
}

/** The event of one notice; the same for the same notice, whenever it is made. */
export function eventOf(notice: NoticeRecord, sender: Sender): CloudEvent {
  const { news, createdAtMs } = notice;
  const common = {
    specversion: '1.0',
    id: newsId(notice),
    // A URI reference; a plain name is one, once nothing in it means something else.
    source: /^[a-z][a-z0-9+.-]*:/i.test(sender.name)
      ? encodeURI(sender.name)
      : encodeURIComponent(sender.name),
    time: isoMoment(createdAtMs),
    datacontenttype: 'application/json',
    dataschema: eventSchemaUrl(sender.publicUrl, news.kind),
  } as const;
  return news.kind === 'alert'
    ? { ...common, type: typeOf(news), subject: news.alert.id, data: alertData(news, sender) }
    : { ...common, type: typeOf(news), subject: news.rotationId, data: rotationData(news, sender) };
}

/** Of the news alone: a notice's id names the receiver as well. */
export function newsId({ id, receiver }: NoticeRecord): string {
  return id.endsWith(`.${receiver}`) ? id.slice(0, -receiver.length - 1) : id;
}

function typeOf(news: News): string {
  if (news.kind === 'rotation') return `dev.keyturn.rotation.${news.step}`;
  return `dev.keyturn.alert.${news.change === 'fired' ? 'firing' : news.change}`;
}

function alertData(
  { alert, change }: Extract<News, { readonly kind: 'alert' }>,
  { publicUrl }: Sender,
): z.infer<typeof AlertEventSchema> {
  return {
    change,
    alert: {
      ...alertFacts(alert),
      url: alertUrl(publicUrl, alert.id),
      runbook_url: runbookUrl(publicUrl, alert.name),
    },
  };
}

function rotationData(
  { rotationId, issuer, step, by, message }: Extract<News, { readonly kind: 'rotation' }>,
  { publicUrl }: Sender,
): z.infer<typeof RotationEventSchema> {
  return { step, rotation: { id: rotationId, issuer, url: statusUrl(publicUrl) }, by, message };
}
