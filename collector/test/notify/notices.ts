import { readFileSync } from 'node:fs';
import type { AlertRecord } from '../../src/core/alerts/alert.ts';
import type { AlertChange, NoticeRecord } from '../../src/core/alerts/notice.ts';
import type { Sender } from '../../src/notify/event.ts';
import type {
  AlertmanagerReceiver,
  PagerdutyReceiver,
  SlackReceiver,
  WebhookReceiver,
} from '../../src/notify/receiver.ts';
import { Secret } from '../../src/notify/secret.ts';

export const SENDER: Sender = {
  name: 'https://keyturn.example.com',
  publicUrl: 'https://keyturn.example.com',
};

export const AT_MS = Date.UTC(2026, 0, 1, 12);

export const COMMON = {
  minSeverity: 'info',
  reach: { allowPrivate: true, allowHosts: [] },
  ca: null,
} as const;

export function webhook(url: string, over: Partial<WebhookReceiver> = {}): WebhookReceiver {
  return {
    ...COMMON,
    type: 'webhook',
    name: 'hook',
    url: new Secret(url),
    hmacKey: null,
    sendSteps: true,
    sendResolved: true,
    ...over,
  };
}

export function slack(url: string, over: Partial<SlackReceiver> = {}): SlackReceiver {
  return {
    ...COMMON,
    type: 'slack',
    name: 'chat',
    url: new Secret(url),
    sendSteps: true,
    sendResolved: true,
    ...over,
  };
}

export function pagerduty(url: string, over: Partial<PagerdutyReceiver> = {}): PagerdutyReceiver {
  return {
    ...COMMON,
    type: 'pagerduty',
    name: 'pager',
    url,
    routingKey: new Secret('R0123456789abcdefghijklmnopqrstu'),
    sendSteps: true,
    sendResolved: true,
    ...over,
  };
}

export function alertmanager(
  urls: readonly string[],
  over: Partial<AlertmanagerReceiver> = {},
): AlertmanagerReceiver {
  return { ...COMMON, type: 'alertmanager', name: 'am', urls, ...over };
}

export function alertRecord(over: Partial<AlertRecord> = {}): AlertRecord {
  return {
    id: 'al-0badcafe-m1',
    name: 'KidReused',
    labels: { issuer: 'https://login.example.com', kid: '2026-a' },
    severity: 'critical',
    status: 'firing',
    sinceMs: AT_MS,
    firedAtMs: AT_MS,
    resolvedAtMs: null,
    changedAtMs: AT_MS,
    transition: 1,
    summary: 'kid "2026-a" stands for 2 keys',
    details: ['one at https://a.example', 'one at https://b.example'],
    acknowledged: null,
    told: null,
    ...over,
  };
}

export function alertNotice(
  receiver: string,
  change: AlertChange,
  alert: AlertRecord = alertRecord(),
  over: Partial<NoticeRecord> = {},
): NoticeRecord {
  return {
    id: `${alert.id}.${alert.transition}.${receiver}`,
    receiver,
    news: { kind: 'alert', change, alert },
    createdAtMs: AT_MS + 1_000,
    attempts: 0,
    nextAtMs: AT_MS + 1_000,
    lastError: null,
    givenUpAtMs: null,
    ...over,
  };
}

export function stepNotice(receiver: string, over: Partial<NoticeRecord> = {}): NoticeRecord {
  return {
    id: `r-20260101-aaaaaa.activate.${AT_MS}.${receiver}`,
    receiver,
    news: {
      kind: 'rotation',
      rotationId: 'r-20260101-aaaaaa',
      issuer: 'https://login.example.com',
      step: 'activate',
      by: 'alice',
      message: 'the signer switched from 2026-a to 2026-b',
    },
    createdAtMs: AT_MS,
    attempts: 0,
    nextAtMs: AT_MS,
    lastError: null,
    givenUpAtMs: null,
    ...over,
  };
}

/** A document of the repository, for what it promises. */
export function document(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}
