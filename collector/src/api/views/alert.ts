import {
  type AlertRecord,
  alertGroup,
  isFiring,
  type SilenceRecord,
} from '../../core/alerts/alert.ts';
import { ALERT_KINDS, SEVERITIES } from '../../core/alerts/catalogue.ts';
import { type Mute, muter } from '../../core/alerts/mute.ts';
import type { State } from '../../core/state.ts';
import { runbookUrl } from '../../links.ts';
import { alertFacts } from '../../alert-facts.ts';
import type { AlertView, SilenceView } from '../schemas/alert.ts';
import { isoMoment } from '../../iso-moment.ts';

/** An alert as JSON. */
export function alertView(state: Readonly<State>, alert: AlertRecord, nowMs: number): AlertView {
  return alertViews(state, nowMs)(alert);
}

/** Gives any alert as JSON; of many it looks only once for what keeps them back. */
export function alertViews(
  state: Readonly<State>,
  nowMs: number,
): (alert: AlertRecord) => AlertView {
  const muteOf = muter(state, { atMs: nowMs, earliestMs: nowMs });
  return (alert) => viewOf(alert, isFiring(alert) ? muteOf(alert) : undefined);
}

function viewOf(alert: AlertRecord, mute: Mute | undefined): AlertView {
  const { advisesRollback, shutsGates } = ALERT_KINDS[alert.name];
  return {
    ...alertFacts(alert),
    group: alertGroup(alert),
    firing: isFiring(alert),
    silenced_by: mute?.kind === 'silenced' ? mute.by.id : null,
    inhibited_by: mute?.kind === 'inhibited' ? mute.by.id : null,
    shuts_gates: shutsGates,
    advises_rollback: advisesRollback,
    runbook_url: runbookUrl('', alert.name),
  };
}

/** A silence as JSON. */
export function silenceView(record: SilenceRecord): SilenceView {
  return {
    id: record.id,
    name: record.name,
    labels: record.labels,
    by: record.by,
    reason: record.reason,
    at: isoMoment(record.atMs),
    expires_at: isoMoment(record.expiresAtMs),
  };
}

/** Firing ones first, the worst of them before others, then those that fire for longest. */
export function alertOrder(alert: AlertRecord): string {
  const rank = isFiring(alert)
    ? SEVERITIES.indexOf(alert.severity)
    : SEVERITIES.length + (alert.status === 'pending' ? 0 : 1);
  return `${rank} ${String(Math.floor(alert.sinceMs)).padStart(15, '0')} ${alert.id}`;
}

/** Those that fire and mean that something is the matter, in that order. */
export function alarms(state: Readonly<State>): readonly AlertRecord[] {
  return [...state.alerts.values()].filter(isAlarm).toSorted(byOrder);
}

// The watchdog fires while all is well.
function isAlarm(alert: AlertRecord): boolean {
  return isFiring(alert) && alert.name !== 'Watchdog';
}

export function byOrder(a: AlertRecord, b: AlertRecord): number {
  return alertOrder(a) < alertOrder(b) ? -1 : 1;
}
