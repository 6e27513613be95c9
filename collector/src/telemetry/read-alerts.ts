import { ALERT_KINDS, ALERT_NAMES } from '../core/alerts/catalogue.ts';
import type { State } from '../core/state.ts';
import { reading, type Reading, Sums } from './reading.ts';

/** Alerts by kind; every kind is there from the start, so that one that begins to fire shows. */
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
  for (const name of ALERT_NAMES) add(name, ALERT_KINDS[name].severity, 'firing', 0);
  for (const { name, severity, status } of state.alerts.values()) add(name, severity, status, 1);
  return [...sums.values(), reading('notices', state.notices.size, {})];
}
