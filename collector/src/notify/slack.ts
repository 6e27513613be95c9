import { plainText } from '@keyturn/shared/shown.ts';
import { ALERT_LABELS, type AlertRecord } from '../core/alerts/alert.ts';
import { ALERT_KINDS } from '../core/alerts/catalogue.ts';
import type { AlertChange, News, NoticeRecord } from '../core/alerts/notice.ts';
import type { Sender } from './event.ts';
import { alertUrl, runbookUrl, statusUrl } from '../links.ts';
import type { PostRequest } from './post.ts';
import type { SlackReceiver } from './receiver.ts';

// Bounds of Slack on a section, and of our own on what one message may be.
const SECTION_CHARS_MAX = 3_000;
const LINE_CHARS_MAX = 500;
const LABEL_CHARS_MAX = 200;
const DETAILS_MAX = 5;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const HEADS: Readonly<Record<AlertChange, string>> = {
  fired: 'FIRING',
  worse: 'WORSE',
  no_data: 'STILL FIRING, UNSEEN',
  acknowledged: 'ACKNOWLEDGED',
  resolved: 'RESOLVED',
};

/** A notice as a message of an incoming webhook. */
export function slackRequest(
  receiver: SlackReceiver,
  notice: NoticeRecord,
  sender: Sender,
): PostRequest {
  const { news } = notice;
  const lines = news.kind === 'alert' ? alertLines(news, sender) : stepLines(news, sender);
  return slackMessage(receiver, lines);
}

/** The first line is what notifications show. Lines are Slack's own markup, bounded by their makers. */
export function slackMessage(
  { url }: Pick<SlackReceiver, 'url'>,
  lines: readonly string[],
): PostRequest {
  const [first = ''] = lines;
  const body = {
    text: first,
    // Names and addresses in it stay text: nothing in it links or calls anybody by itself.
    link_names: false,
    parse: 'none',
    unfurl_links: false,
    unfurl_media: false,
    blocks: sections(lines).map((text) => ({
      type: 'section',
      text: { type: 'mrkdwn', text, verbatim: true },
    })),
  };
  return {
    url: new URL(url.reveal()),
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  };
}

/**
 * Text that came from outside, as Slack shows it: `<`, `>` and `&` begin mentions, links and entities.
 * https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function slackText(text: string, charsMax = LINE_CHARS_MAX): string {
  let made = '';
  for (const character of plainText(text, charsMax)) {
    const next = ENTITIES[character] ?? character;
    // Cut here, never within an entity: Slack refuses a message with a section that is too long.
    if (made.length + next.length > charsMax) return made;
    made += next;
  }
  return made;
}

function alertLines(
  { alert, change }: Extract<News, { readonly kind: 'alert' }>,
  { publicUrl }: Sender,
): readonly string[] {
  const more = alert.details.length - DETAILS_MAX;
  const { acknowledged } = alert;
  return [
    `*[${HEADS[change]}] ${alert.name}* (${alert.severity}): ${slackText(alert.summary)}`,
    slackText(ALERT_KINDS[alert.name].title),
    ...(acknowledged === null
      ? []
      : [slackText(`taken on by ${acknowledged.by}: ${acknowledged.reason}`)]),
    ...alert.details.slice(0, DETAILS_MAX).map((detail) => `• ${slackText(detail)}`),
    ...(more > 0 ? [`• and ${more} more`] : []),
    ...labelLine(alert),
    `${link(runbookUrl(publicUrl, alert.name), 'Runbook')} · ${link(alertUrl(publicUrl, alert.id), 'Alert')}`,
  ];
}

function labelLine({ labels }: AlertRecord): readonly string[] {
  const named = ALERT_LABELS.flatMap((label) => {
    const value = labels[label];
    return value === undefined ? [] : [`${label}: ${slackText(value, LABEL_CHARS_MAX)}`];
  });
  return named.length === 0 ? [] : [named.join(' · ')];
}

function stepLines(
  { rotationId, issuer, step, by, message }: Extract<News, { readonly kind: 'rotation' }>,
  { publicUrl }: Sender,
): readonly string[] {
  return [
    `*[ROTATION] ${slackText(step)}*: ${slackText(message)}`,
    `rotation: ${slackText(rotationId)} · issuer: ${slackText(issuer)} · by: ${slackText(by)}`,
    link(statusUrl(publicUrl), 'Status of rotations'),
  ];
}

function link(url: string, text: string): string {
  return `<${slackText(url).replaceAll('|', '%7C')}|${text}>`;
}

/** Lines put together, as many as a section holds. */
function sections(lines: readonly string[]): readonly string[] {
  const made: string[] = [];
  for (const line of lines) {
    const last = made.at(-1);
    const joined = last === undefined ? line : `${last}\n${line}`;
    if (last === undefined || joined.length > SECTION_CHARS_MAX) made.push(line);
    else made[made.length - 1] = joined;
  }
  return made;
}
