import { type AlertRecord, alertGroup, isFiring } from '../../core/alerts/alert.ts';
import { ALERT_KINDS, SEVERITIES } from '../../core/alerts/catalogue.ts';
import type { Mute } from '../../core/alerts/mute.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import { runbookUrl } from '../../links.ts';
import type { AlertGroupView, AlertLineView } from '../schemas/glance.ts';

/** Which lines of a group are listed, and how many there may be in all. */
export interface GroupLimits {
  readonly groups: number;
  readonly perGroup: number;
}

export interface AlertGroups {
  readonly groups: readonly AlertGroupView[];
  /** Alerts of groups that are not listed. */
  readonly more: number;
}

/** Alerts in the order given, together with those they are told with: a group stands where its first does. */
export function alertGroups(
  alerts: readonly AlertRecord[],
  muteOf: (alert: AlertRecord) => Mute | undefined,
  limits: GroupLimits,
): AlertGroups {
  const groups = [...Map.groupBy(alerts, alertGroup)];
  const shown = groups.slice(0, limits.groups);
  return {
    groups: shown.map(([group, members]) => groupView(group, members, muteOf, limits.perGroup)),
    more: groups.slice(limits.groups).reduce((sum, [, members]) => sum + members.length, 0),
  };
}

function groupView(
  group: string,
  members: readonly AlertRecord[],
  muteOf: (alert: AlertRecord) => Mute | undefined,
  max: number,
): AlertGroupView {
  const name = members[0]?.name ?? 'Watchdog';
  const { title, shutsGates, advisesRollback } = ALERT_KINDS[name];
  return {
    group,
    name,
    title,
    severity:
      SEVERITIES.find((each) => members.some(({ severity }) => severity === each)) ?? 'info',
    shuts_gates: shutsGates,
    advises_rollback: advisesRollback,
    runbook_url: runbookUrl('', name),
    alerts: members
      .slice(0, max)
      .map((alert) => lineView(alert, isFiring(alert) ? muteOf(alert) : undefined)),
    more: Math.max(0, members.length - max),
  };
}

function lineView(alert: AlertRecord, mute: Mute | undefined): AlertLineView {
  return {
    id: alert.id,
    name: alert.name,
    severity: alert.severity,
    status: alert.status,
    firing: isFiring(alert),
    summary: alert.summary,
    labels: alert.labels,
    since_at: isoMoment(alert.sinceMs),
    fired_at: isoMomentOrNull(alert.firedAtMs),
    resolved_at: isoMomentOrNull(alert.resolvedAtMs),
    acknowledged_by: alert.acknowledged?.by ?? null,
    silenced: mute?.kind === 'silenced',
    inhibited: mute?.kind === 'inhibited',
  };
}
