import { plainText } from '@keyturn/shared/shown.ts';
import { isoMoment } from '../iso-moment.ts';
import { type AlertRecord, isFiring } from '../core/alerts/alert.ts';
import { ALERT_KINDS, type Severity } from '../core/alerts/catalogue.ts';
import type { Sender } from './event.ts';
import { alertUrl, runbookUrl } from '../links.ts';
import type { PostRequest } from './post.ts';
import { isAtLeast } from './wanted.ts';

// Alertmanager API v2: api/v2/openapi.yaml of prometheus/alertmanager.

/** How often it is told what fires, milliseconds. */
export const RESEND_MS = 30_000;

/** Told nothing more, it takes an alert for over after this; as Prometheus does, four times the resend. */
const ENDS_AFTER_MS = 4 * RESEND_MS;

/** How long it is told that an alert is over, for instances that were away. */
export const RESOLVED_TOLD_MS = 5 * 60_000;

/** In one request. */
const BATCH = 64;

const DESCRIPTION_BYTES_MAX = 4_096;

/** One alert as Alertmanager takes it. Its labels are its identity, so no value is in them. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

/**
 * Whether Alertmanager is to be told of an alert now: what fires and is not muted, and for a while what
 * is over. The watchdog always is, for its absence is what counts.
 */
export function isTold(
  alert: AlertRecord,
  minSeverity: Severity,
  isMuted: (alert: AlertRecord) => boolean,
  nowMs: number,
): boolean {
  const isWatchdog = alert.name === 'Watchdog';
  if (!isWatchdog && !isAtLeast(alert.severity, minSeverity)) return false;
  if (isFiring(alert)) return isWatchdog || !isMuted(alert);
  return alert.resolvedAtMs !== null && nowMs - alert.resolvedAtMs <= RESOLVED_TOLD_MS;
}

/**
 * @param endedAtMs since when it is over; null while it fires.
 * @param wallMs now, by the wall clock: Alertmanager goes by its own, and collector's time does not
 * follow where the wall clock is set or the machine sleeps.
 */
export function postedAlert(
  alert: AlertRecord,
  endedAtMs: number | null,
  wallMs: number,
  { publicUrl }: Sender,
): PostedAlert {
  const startsAtMs = Math.min(alert.firedAtMs ?? alert.sinceMs, wallMs);
  const endsAtMs =
    endedAtMs === null ? wallMs + ENDS_AFTER_MS : Math.max(startsAtMs, Math.min(endedAtMs, wallMs));
  const description = plainText(alert.details.join('; '), DESCRIPTION_BYTES_MAX);
  return {
    labels: { ...alert.labels, alertname: `Keyturn${alert.name}`, severity: alert.severity },
    annotations: {
      summary: alert.summary,
      description: description === '' ? ALERT_KINDS[alert.name].title : description,
      runbook_url: runbookUrl(publicUrl, alert.name),
    },
    startsAt: isoMoment(startsAtMs),
    endsAt: isoMoment(endsAtMs),
    generatorURL: alertUrl(publicUrl, alert.id),
  };
}

/** The requests that tell one instance; an empty one where there is nothing to tell, which shows that it answers. */
export function alertmanagerRequests(
  base: string,
  alerts: readonly PostedAlert[],
): readonly PostRequest[] {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
  const batches = Math.max(1, Math.ceil(alerts.length / BATCH));
  return Array.from({ length: batches }, (_, at) => ({
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.slice(at * BATCH, (at + 1) * BATCH)),
  }));
}
