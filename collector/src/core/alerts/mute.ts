import type { Now, State } from '../state.ts';
import { ALERT_LABELS, type AlertRecord, isFiring, type SilenceRecord } from './alert.ts';
import { ALERT_KINDS, SEVERITIES } from './catalogue.ts';

/** Why receivers are not told of an alert now. It fires all the same, and shuts the gates it shuts. */
export type Mute =
  | { readonly kind: 'silenced'; readonly by: SilenceRecord }
  | { readonly kind: 'inhibited'; readonly by: AlertRecord };

/** Undefined: they are told. Of many alerts, `muter` looks only once for what keeps them back. */
export function muteOf(state: State, alert: AlertRecord, now: Now): Mute | undefined {
  return muter(state, now)(alert);
}

/** Says of any alert what keeps receivers from being told of it now. */
export function muter(state: State, now: Now): (alert: AlertRecord) => Mute | undefined {
  const silences = [...state.silences.values()];
  const silenceOf = (alert: AlertRecord): SilenceRecord | undefined =>
    silences.find((each) => isSilencedBy(alert, each, now));
  const inhibiting = [...state.alerts.values()].filter(
    (other) =>
      isFiring(other) &&
      ALERT_KINDS[other.name].inhibits.length > 0 &&
      // What nobody is told of explains nothing to anybody.
      silenceOf(other) === undefined,
  );
  return (alert) => {
    const silence = silenceOf(alert);
    if (silence !== undefined) return { kind: 'silenced', by: silence };
    const inhibitor = inhibiting.find((other) => isInhibitedBy(alert, other));
    return inhibitor === undefined ? undefined : { kind: 'inhibited', by: inhibitor };
  };
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

/** One that names no issuer or service inhibits everywhere; what can wait keeps back no page. */
function isInhibitedBy(alert: AlertRecord, other: AlertRecord): boolean {
  if (!isFiring(other) || !ALERT_KINDS[other.name].inhibits.includes(alert.name)) return false;
  if (SEVERITIES.indexOf(other.severity) > SEVERITIES.indexOf(alert.severity)) return false;
  const { issuer, service } = other.labels;
  if (issuer !== undefined && issuer !== alert.labels.issuer) return false;
  return service === undefined || (alert.labels.service ?? service) === service;
}
