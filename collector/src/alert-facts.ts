import type { AlertRecord } from './core/alerts/alert.ts';
import { ALERT_KINDS } from './core/alerts/catalogue.ts';
import { isoMoment, isoMomentOrNull } from './iso-moment.ts';

/** What is told of an alert wherever it is told as JSON; moments as ISO 8601, UTC. */
export function alertFacts(alert: AlertRecord) {
  const { id, name, labels, severity, status, summary, acknowledged } = alert;
  return {
    id,
    name,
    title: ALERT_KINDS[name].title,
    labels,
    severity,
    status,
    since_at: isoMoment(alert.sinceMs),
    fired_at: isoMomentOrNull(alert.firedAtMs),
    resolved_at: isoMomentOrNull(alert.resolvedAtMs),
    summary,
    details: [...alert.details],
    acknowledged:
      acknowledged === null
        ? null
        : { by: acknowledged.by, reason: acknowledged.reason, at: isoMoment(acknowledged.atMs) },
  };
}
