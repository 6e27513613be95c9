import type { ActResult } from '../acts.ts';
import { type AlertRecord, alertIdentity, isFiring } from '../alerts/alert.ts';
import { tellAlert } from '../alerts/outbox.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, refuse } from './result.ts';

/**
 * A named person takes an alert on: whoever was told of it is told that, and not of it again unless it
 * gets worse. It fires all the same, and the word ends with the occurrence.
 */
export function acknowledge(
  state: State,
  act: ActOf<'acknowledge'>,
  now: Now,
  writes: Write[],
): ActResult {
  const alert = [...state.alerts.values()].find(({ id }) => id === act.alertId);
  if (alert === undefined) {
    return refuse('not_found', 'alert_id', `no alert ${act.alertId}; see \`keyturn alerts --all\``);
  }
  if (!isFiring(alert)) {
    return refuse('conflict', 'alert_id', `alert ${alert.id} is ${alert.status}, not firing`);
  }
  const next: AlertRecord = {
    ...alert,
    acknowledged: { by: act.by, reason: act.reason, atMs: now.atMs },
    transition: alert.transition + 1,
  };
  state.alerts.set(alertIdentity(next.name, next.labels), next);
  state.alertsChanged = true;
  writes.push({ kind: 'alert', record: next });
  if (next.told !== null) tellAlert(state, next, 'acknowledged', now, writes);
  return done({ alert: next });
}
