import { type AlertRecord, isFiring } from '../../core/alerts/alert.ts';
import { alertsAgainst, alertsForRollback } from '../../core/alerts/concerns.ts';
import { ALERT_KINDS } from '../../core/alerts/catalogue.ts';
import { muter } from '../../core/alerts/mute.ts';
import type { RotationRecord } from '../../core/records.ts';
import { openRotations } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import type {
  AlertDetailView,
  AlertReferenceView,
  RotationReferenceView,
} from '../schemas/live-alerts.ts';
import { alertView, silenceView } from './alert.ts';
import { rotationReference } from './rotation-glance.ts';

const SHOWN_MAX = 20;

/** One alert with what it is connected to; undefined when there is none, or not any more. */
export function alertDetailView(
  state: State,
  id: string,
  nowMs: number,
): AlertDetailView | undefined {
  const alert = [...state.alerts.values()].find((each) => each.id === id);
  if (alert === undefined) return undefined;
  const muteOf = muter(state, { atMs: nowMs, earliestMs: nowMs });
  const mute = isFiring(alert) ? muteOf(alert) : undefined;
  const { service, instance, cache, issuer, rotation } = alert.labels;
  const named = rotation === undefined ? undefined : state.rotations.get(rotation);
  return {
    alert: alertView(state, alert, nowMs),
    silence: mute?.kind === 'silenced' ? silenceView(mute.by) : null,
    inhibitor: mute?.kind === 'inhibited' ? referenceOf(mute.by) : null,
    inhibits: inhibitedBy(state, alert, muteOf),
    told: toldOf(alert),
    shuts: rotationsOf(state, alert, alertsAgainst),
    advises: rotationsOf(state, alert, alertsForRollback),
    rotation: named === undefined ? null : rotationReference(named),
    has_verifier: state.fleet.verifiers.has(`${service}/${instance}/${cache}`),
    has_issuer: issuer !== undefined && state.issuers.has(issuer),
    transition: alert.transition,
  };
}

function inhibitedBy(
  state: Readonly<State>,
  alert: AlertRecord,
  muteOf: ReturnType<typeof muter>,
): readonly AlertReferenceView[] {
  if (ALERT_KINDS[alert.name].inhibits.length === 0) return [];
  return [...state.alerts.values()]
    .filter((other) => {
      const mute = isFiring(other) ? muteOf(other) : undefined;
      return mute?.kind === 'inhibited' && mute.by.id === alert.id;
    })
    .slice(0, SHOWN_MAX)
    .map(referenceOf);
}

function referenceOf({ id, name, severity, summary }: AlertRecord): AlertReferenceView {
  return { id, name, severity, summary };
}

function toldOf({ told }: AlertRecord): AlertDetailView['told'] {
  if (told === null) return null;
  return { severity: told.severity, no_data: told.noData, resolved: told.resolved };
}

function rotationsOf(
  state: State,
  alert: AlertRecord,
  alertsOf: (state: State, rotation: RotationRecord) => readonly AlertRecord[],
): readonly RotationReferenceView[] {
  return openRotations(state)
    .filter((rotation) => alertsOf(state, rotation).some(({ id }) => id === alert.id))
    .slice(0, SHOWN_MAX)
    .map(rotationReference);
}
