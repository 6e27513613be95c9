import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { AlertRecord } from '../alerts/alert.ts';
import { ALERT_KINDS } from '../alerts/catalogue.ts';
import { alertsAgainst, alertsForRollback } from '../alerts/concerns.ts';
import { wantedRoomLately } from '../alerts/reconcile.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { fail, pass, quoted, unknown } from './check.ts';

/** The check whose failing policy may call an abortion. */
export const NO_ALERT = 'no_alert';

/**
 * No alert that fires speaks against going on. One whose end cannot be seen counts as firing; being
 * silenced or acknowledged changes nothing.
 */
export function noAlert(state: State, rotation: RotationRecord, now: Now): Check {
  const against = alertsAgainst(state, rotation);
  const [first] = against;
  if (first !== undefined) {
    return fail('no_alert', 'health', `${sentence(first)}${andMore(against)}`, {
      sinceMs: first.firedAtMs,
      help: `keyturn alerts show ${quoted(first.id)}`,
    });
  }
  if (wantedRoomLately(state, now)) {
    return unknown(
      'no_alert',
      'health',
      'there are more alerts than can be kept, so one that matters may be missing',
      { help: 'keyturn alerts' },
    );
  }
  return pass('no_alert', 'health', 'no alert fires that speaks against going on');
}

/** Why an alert advises going back; empty when none does. */
export function rollbackAlerts(state: State, rotation: RotationRecord): string {
  const advising = alertsForRollback(state, rotation);
  const [first] = advising;
  if (first === undefined) return '';
  return `${sentence(first)}${andMore(advising)} (keyturn alerts show ${quoted(first.id)})`;
}

// Without the values of the moment: each other verdict is a change that wakes its readers.
function sentence(alert: AlertRecord): string {
  const { service } = alert.labels;
  const where = service === undefined ? '' : ` for ${service}`;
  const unseen = alert.status === 'no_data' ? ', and whether it is over cannot be seen' : '';
  const since = moment(alert.firedAtMs ?? alert.sinceMs);
  return `alert ${alert.name} fires${where} since ${since}${unseen}: ${ALERT_KINDS[alert.name].title}`;
}

function andMore(alerts: readonly AlertRecord[]): string {
  return alerts.length > 1 ? `; and ${counted(alerts.length - 1, 'more alert')}` : '';
}
