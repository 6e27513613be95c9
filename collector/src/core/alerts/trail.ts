import type { State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { AlertLabels, AlertRecord, AlertStatus } from './alert.ts';
import { ALERT_KINDS } from './catalogue.ts';

const VERBS: Readonly<Record<AlertStatus, string>> = {
  pending: 'is pending',
  firing: 'fires',
  no_data: 'cannot be judged any more and goes on firing',
  resolved: 'is resolved',
};

/**
 * The rotation whose trail an entry about these labels belongs to. One that has ended has its report,
 * which people may have signed; what comes later is in the trail of the whole alone.
 */
export function trailOf(state: State, { rotation }: AlertLabels): string | null {
  if (rotation === undefined) return null;
  return state.rotations.get(rotation)?.endedAtMs === null ? rotation : null;
}

/** The audit entry of one change of an alert: of its status, or else of its severity. */
export function transitionEntry(
  state: State,
  alert: AlertRecord,
  before: AlertStatus | null,
  atMs: number,
): Write {
  const isSeverity = before === alert.status;
  const verb = isSeverity ? `is ${alert.severity} now` : VERBS[alert.status];
  return {
    kind: 'audit',
    record: {
      atMs,
      kind: 'observation',
      rotationId: trailOf(state, alert.labels),
      actor: 'keyturn',
      action: isSeverity ? 'alert_severity' : `alert_${alert.status}`,
      message: `alert ${alert.name} ${verb}: ${alert.summary}`,
      detail: {
        alert: alert.id,
        transition: alert.transition,
        name: alert.name,
        labels: alert.labels,
        severity: alert.severity,
        before,
        title: ALERT_KINDS[alert.name].title,
      },
    },
  };
}
