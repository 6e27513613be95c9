import type { Now, State } from '../state.ts';
import { ALERT_LABELS, type AlertRecord, isFiring, type SilenceRecord } from './alert.ts';
import { ALERT_KINDS } from './catalogue.ts';

/** Why receivers are not told of an alert now. It fires all the same, and shuts the gates it shuts. */
export type Mute =
  | { readonly kind: 'silenced'; readonly by: SilenceRecord }
  | { readonly kind: 'inhibited'; readonly by: AlertRecord };

/** Undefined: they are told. */
export function muteOf(state: State, alert: AlertRecord, now: Now): Mute | undefined {
  for (const silence of state.silences.values()) {
    if (isSilencedBy(alert, silence, now)) return { kind: 'silenced', by: silence };
  }
  for (const other of state.alerts.values()) {
    if (isInhibitedBy(alert, other)) return { kind: 'inhibited', by: other };
  }
  return undefined;
}

/** Whether anything keeps receivers from being told of an alert now. */
export function isMuted(state: State, alert: AlertRecord, now: Now): boolean {
  return muteOf(state, alert, now) !== undefined;
}

/** A silence counts until its expiry, whether it has been swept away or not. */
export function isSilencedBy(alert: AlertRecord, silence: SilenceRecord, now: Now): boolean {
  if (now.atMs >= silence.expiresAtMs) return false;
  if (silence.name !== null && silence.name !== alert.name) return false;
  return ALERT_LABELS.every((label) => {
    const wanted = silence.labels[label];
    return wanted === undefined || wanted === alert.labels[label];
  });
}

/** One that names no issuer inhibits everywhere. */
function isInhibitedBy(alert: AlertRecord, other: AlertRecord): boolean {
  if (!isFiring(other) || !ALERT_KINDS[other.name].inhibits.includes(alert.name)) return false;
  return other.labels.issuer === undefined || other.labels.issuer === alert.labels.issuer;
}
