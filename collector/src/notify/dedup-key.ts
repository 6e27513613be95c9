import { createHash } from 'node:crypto';
import { type AlertLabels, alertIdentity } from '../core/alerts/alert.ts';
import type { AlertName } from '../core/alerts/catalogue.ts';

/** One key for everything told of one alert, whatever its labels hold: SHA-256, hex, 64 characters. */
export function dedupKey(name: AlertName, labels: AlertLabels): string {
  return createHash('sha256').update(alertIdentity(name, labels)).digest('hex');
}
