import { isFiring } from '../../core/alerts/alert.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import type { AlertView } from '../schemas/alert.ts';
import { alertViews, byOrder } from './alert.ts';

const SHOWN_MAX = 50;

/** Alerts about a rotation, and those that fire about its issuer as a whole, the worst first. */
export function rotationAlertsView(
  state: Readonly<State>,
  { id, issuer }: RotationRecord,
  nowMs: number,
): readonly AlertView[] {
  return [...state.alerts.values()]
    .filter(({ labels, ...alert }) =>
      labels.rotation === undefined
        ? labels.issuer === issuer && isFiring({ labels, ...alert })
        : labels.rotation === id,
    )
    .toSorted(byOrder)
    .slice(0, SHOWN_MAX)
    .map(alertViews(state, nowMs));
}
