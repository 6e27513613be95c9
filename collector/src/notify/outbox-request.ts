import type { NoticeRecord } from '../core/alerts/notice.ts';
import type { Sender } from './event.ts';
import { pagerdutyRequest } from './pagerduty.ts';
import type { PostRequest } from './post.ts';
import type { OutboxReceiver } from './receiver.ts';
import { slackRequest } from './slack.ts';
import { webhookRequest } from './webhook.ts';

/** A notice in the words of its receiver. */
export function outboxRequest(
  receiver: OutboxReceiver,
  notice: NoticeRecord,
  sender: Sender,
  nowMs: number,
): PostRequest {
  switch (receiver.type) {
    case 'pagerduty':
      return pagerdutyRequest(receiver, notice, sender);
    case 'slack':
      return slackRequest(receiver, notice, sender);
    case 'webhook':
      return webhookRequest(receiver, notice, sender, nowMs);
  }
}

/** Texts that must not show in what is told of a receiver's answers. */
export function secretsOf(receiver: OutboxReceiver): readonly string[] {
  switch (receiver.type) {
    case 'pagerduty':
      return [receiver.routingKey.reveal()];
    case 'slack':
      return urlSecrets(receiver.url.reveal());
    case 'webhook':
      return [...urlSecrets(receiver.url.reveal()), receiver.hmacKey?.reveal() ?? ''];
  }
}

/** What of a URL may be a token: its path and query, whole and in parts. */
function urlSecrets(url: string): readonly string[] {
  const { href, pathname, search } = new URL(url);
  const parts = `${pathname}${search}`.split(/[/?&=]/).filter((part) => part.length >= 6);
  return [url, href, pathname + search, ...(pathname === '/' ? [] : [pathname]), search, ...parts];
}
