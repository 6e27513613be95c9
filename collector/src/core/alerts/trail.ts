import type { Write } from '../writes.ts';
import type { AlertRecord, AlertStatus } from './alert.ts';
import { ALERT_KINDS } from './catalogue.ts';

const VERBS: Readonly<Record<AlertStatus, string>> = {
  pending: 'is pending',
  firing: 'fires',
  no_data: 'cannot be judged any more and goes on firing',
  resolved: 'is resolved',
};

/** The audit entry of one change of an alert. */
export function transitionEntry(alert: AlertRecord, before: AlertStatus | null): Write {
  return {
    kind: 'audit',
    record: {
      atMs: alert.changedAtMs,
      kind: 'observation',
      rotationId: alert.labels.rotation ?? null,
      actor: 'keyturn',
      action: `alert_${alert.status}`,
      message: `alert ${alert.name} ${VERBS[alert.status]}: ${alert.summary}`,
      detail: {
        alert: alert.id,
        name: alert.name,
        labels: alert.labels,
        severity: alert.severity,
        before,
        title: ALERT_KINDS[alert.name].title,
      },
    },
  };
}
