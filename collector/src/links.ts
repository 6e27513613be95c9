import type { AlertName } from './core/alerts/catalogue.ts';

/** Where links of messages lead; `base` is where people reach the collector, without a closing slash. */
export function alertUrl(base: string, alertId: string): string {
  return `${base}/alerts/${encodeURIComponent(alertId)}`;
}

/** What to do about one kind of alert. */
export function runbookUrl(base: string, name: AlertName): string {
  return `${base}/runbooks/${name}`;
}

export function statusUrl(base: string): string {
  return `${base}/`;
}

/** The JSON schema of what a webhook is sent. */
export function eventSchemaUrl(base: string, kind: 'alert' | 'rotation'): string {
  return `${base}/v1/schemas/${kind}-event`;
}
