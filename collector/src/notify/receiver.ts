import type { Severity } from '../core/alerts/catalogue.ts';
import type { Reach } from './reach.ts';
import type { Secret } from './secret.ts';

export const RECEIVER_TYPES = ['alertmanager', 'pagerduty', 'slack', 'webhook'] as const;
export type ReceiverType = (typeof RECEIVER_TYPES)[number];

interface AnyReceiver {
  /** Of the settings; unique. */
  readonly name: string;
  /** Alerts below it are not sent. */
  readonly minSeverity: Severity;
  readonly reach: Reach;
  /** PEM text of the authorities to trust instead of the machine's own; null for those. */
  readonly ca: string | null;
}

/** Told what is so, again and again, by every one of its instances. */
export interface AlertmanagerReceiver extends AnyReceiver {
  readonly type: 'alertmanager';
  /** Every instance, never a load balancer in front of them: they tell each other what they sent. */
  readonly urls: readonly string[];
}

/** Told every change once, through the outbox. */
interface OutboxReceiverBase extends AnyReceiver {
  /** Whether the end of an alert is told. */
  readonly sendResolved: boolean;
  /** Whether steps of rotations are told as well. */
  readonly sendSteps: boolean;
}

export interface PagerdutyReceiver extends OutboxReceiverBase {
  readonly type: 'pagerduty';
  /** Where the Events API v2 is. */
  readonly url: string;
  readonly routingKey: Secret;
}

export interface SlackReceiver extends OutboxReceiverBase {
  readonly type: 'slack';
  /** Whoever has the URL can post. */
  readonly url: Secret;
}

export interface WebhookReceiver extends OutboxReceiverBase {
  readonly type: 'webhook';
  /** May hold a token. */
  readonly url: Secret;
  /** Key of the signature; null: not signed. */
  readonly hmacKey: Secret | null;
}

export type OutboxReceiver = PagerdutyReceiver | SlackReceiver | WebhookReceiver;
export type Receiver = AlertmanagerReceiver | OutboxReceiver;

/** Told through the outbox; the others are told the whole state again and again. */
export function isOutboxReceiver(receiver: Receiver): receiver is OutboxReceiver {
  return receiver.type !== 'alertmanager';
}

/** Where a receiver is, for people: hosts, without paths that may hold a token. */
export function hostsOf(receiver: Receiver): readonly string[] {
  switch (receiver.type) {
    case 'alertmanager':
      return receiver.urls.map((url) => new URL(url).host);
    case 'pagerduty':
      return [new URL(receiver.url).host];
    case 'slack':
    case 'webhook':
      return [new URL(receiver.url.reveal()).host];
  }
}
