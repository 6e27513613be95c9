import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { type AlertRecord, alertIdentity, isFiring } from './alert.ts';
import { ALERT_KINDS, SEVERITIES, type Severity } from './catalogue.ts';
import type { AlertChange } from './notice.ts';
import { muter } from './mute.ts';
import { tellAlert } from './outbox.ts';

/**
 * Tells receivers what they have not been told. It is judged by what an alert is and not by what just
 * happened to it, so what was kept back is told when nothing keeps it back any more.
 */
export function tellAlerts(state: State, now: Now, writes: Write[]): void {
  if (state.policy.alerts.receivers.length === 0) return;
  const muteOf = muter(state, now);
  for (const alert of state.alerts.values()) {
    const change = untold(alert);
    if (change === undefined) continue;
    // Its absence is the alarm: nobody can be told once of what is not there.
    if (ALERT_KINDS[alert.name].endsUnseen === true) continue;
    // Whoever was told the beginning is told the end: it wakes nobody, and closes what they opened.
    if (change !== 'resolved' && muteOf(alert) !== undefined) continue;
    tellAlert(state, alert, change, now, writes);
    const next = asTold(alert);
    state.alerts.set(alertIdentity(next.name, next.labels), next);
    writes.push({ kind: 'alert', record: next });
  }
}

/** What receivers are still to be told of an alert. */
export function untold(alert: AlertRecord): AlertChange | undefined {
  const { acknowledged, severity, status, told } = alert;
  if (told === null) return isFiring(alert) ? 'fired' : undefined;
  if (told.resolved) return undefined;
  if (status === 'resolved') return 'resolved';
  if (isWorse(severity, told.severity)) return 'worse';
  return status === 'no_data' && !told.noData && acknowledged === null ? 'no_data' : undefined;
}

function asTold(alert: AlertRecord): AlertRecord {
  const { severity, status, told } = alert;
  return {
    ...alert,
    told: {
      severity: told === null || isWorse(severity, told.severity) ? severity : told.severity,
      noData: told?.noData === true || status === 'no_data',
      resolved: status === 'resolved',
    },
  };
}

/** Whether one severity asks for more than another. */
export function isWorse(severity: Severity, than: Severity): boolean {
  return SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(than);
}
