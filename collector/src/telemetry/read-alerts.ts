import type { AlertStatus } from '../core/alerts/alert.ts';
import { ALERT_NAMES, SEVERITIES } from '../core/alerts/catalogue.ts';
import type { State } from '../core/state.ts';
import { reading, type Reading, Sums } from './reading.ts';

const FIRING: readonly AlertStatus[] = ['firing', 'no_data'];

/**
 * Alerts by kind. Those that fire are there as zeros too: a series that goes away looks like missing
 * data, and that must never look like an end.
 */
export function alertReadings(state: Readonly<State>): Reading[] {
  const sums = new Sums();
  const add = (name: string, severity: string, status: string, count: number): void =>
    sums.add(
      reading('alerts', count, {
        'keyturn.alert.name': name,
        'keyturn.alert.severity': severity,
        'keyturn.alert.status': status,
      }),
    );
  for (const name of ALERT_NAMES) {
    for (const severity of SEVERITIES) {
      for (const status of FIRING) add(name, severity, status, 0);
    }
  }
  for (const { name, severity, status } of state.alerts.values()) add(name, severity, status, 1);
  const waiting = [...state.notices.values()].filter(({ givenUpAtMs }) => givenUpAtMs === null);
  return [...sums.values(), reading('notices', waiting.length, {})];
}
