import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { type AlertRecord, isFiring } from './alert.ts';
import { ALERT_KINDS } from './catalogue.ts';

/**
 * Alerts that fire and shut the gates of a rotation, worst and longest first. Whether people were told
 * of them, or took them on, plays no part.
 */
export function alertsAgainst(state: State, rotation: RotationRecord): readonly AlertRecord[] {
  return worstFirst(
    [...state.alerts.values()].filter(
      (alert) =>
        ALERT_KINDS[alert.name].shutsGates && isFiring(alert) && concerns(state, alert, rotation),
    ),
  );
}

/**
 * Alerts that fire and advise going back. One that names no rotation may be older than the switch,
 * and going back would not end it.
 */
export function alertsForRollback(state: State, rotation: RotationRecord): readonly AlertRecord[] {
  const { switchedAtMs } = rotation;
  if (switchedAtMs === null) return [];
  return worstFirst(
    [...state.alerts.values()].filter(
      (alert) =>
        ALERT_KINDS[alert.name].advisesRollback &&
        isFiring(alert) &&
        concerns(state, alert, rotation) &&
        (alert.labels.rotation === rotation.id || alert.sinceMs >= switchedAtMs),
    ),
  );
}

/**
 * An alert is about the rotation it names while that is open, else about all of its issuer: aborting a
 * rotation and starting it anew does not rid it of what fires. One that names no issuer is about all.
 */
function concerns(
  state: State,
  { name, labels }: AlertRecord,
  { id, issuer, newKid, oldKid }: RotationRecord,
): boolean {
  // What never blocks by its evidence does not by an alert.
  if (labels.service !== undefined && !isRequired(state, labels.service)) return false;
  const named = labels.rotation === undefined ? undefined : state.rotations.get(labels.rotation);
  if (named?.endedAtMs === null) return named.id === id;
  const about = labels.issuer ?? named?.issuer;
  if (about !== undefined && about !== issuer) return false;
  const { kid } = labels;
  return ALERT_KINDS[name].ofOneKey !== true || kid === undefined || [newKid, oldKid].includes(kid);
}

/** A service nobody declared blocks like any other. */
function isRequired(state: State, service: string): boolean {
  return state.policy.services.get(service)?.required ?? true;
}

function worstFirst(alerts: readonly AlertRecord[]): readonly AlertRecord[] {
  const rank = { critical: 0, warning: 1, info: 2 } as const;
  return alerts.toSorted(
    (a, b) =>
      rank[a.severity] - rank[b.severity] || a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1),
  );
}
