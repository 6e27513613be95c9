import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { type AlertRecord, alertIdentity, isFiring } from './alert.ts';
import { ALERT_KINDS } from './catalogue.ts';
import type { Judgement } from './judgement.ts';
import { alertId } from './alert-id.ts';
import { transitionEntry } from './trail.ts';

/** Alerts kept at a time; a condition beyond them is counted and waits for room. */
export const ALERTS_MAX = 2_000;

/** Of these, as many are for what pages or shuts gates: a flood of the rest must not hide it. */
export const ALERTS_RESERVED = 500;

/** How long a resolved alert is kept, for receivers that missed it and people who look. */
export const RESOLVED_KEPT_MS = 24 * 3_600_000;

/** A condition that lasts asks for room every second or so. */
const DROP_MEMORY_MS = 60_000;

/** What an alert says is bounded here, whatever its rule puts together. */
const TEXT_CHARS_MAX = 500;
const DETAILS_MAX = 20;

type Present = Extract<Judgement, { readonly status: 'present' }>;

/**
 * Brings the alerts of some kinds to what was just judged. What is not judged present ends, unless it
 * cannot be told: then an alert that fires stays, as `no_data`. While the collector is not in a state
 * to tell (`canTell` false) nothing ends at all.
 */
export function reconcile(
  state: State,
  names: ReadonlySet<string>,
  judgements: readonly Judgement[],
  canTell: boolean,
  now: Now,
  writes: Write[],
): void {
  const judged = new Map(
    judgements.map((judgement) => [alertIdentity(judgement.name, judgement.labels), judgement]),
  );
  for (const [identity, alert] of state.alerts) {
    if (!names.has(alert.name)) continue;
    const judgement = judged.get(identity);
    judged.delete(identity);
    const next = nextOf(alert, judgement, canTell, now);
    if (next === undefined) forgetAlert(state, alert, writes);
    else if (next !== alert) keepAlert(state, next, alert, now, writes);
  }
  for (const judgement of judged.values()) {
    if (judgement.status !== 'present') continue;
    if (hasRoom(state, judgement, writes))
      keepAlert(state, raised(judgement, now), undefined, now, writes);
    else noteDropped(state, judgement, now);
  }
}

/** Whether a condition that shuts gates was there lately for which no alert could be kept. */
export function wantedRoomLately({ health }: State, now: Now): boolean {
  return health.droppedAlertAtMs !== null && now.atMs - health.droppedAlertAtMs < DROP_MEMORY_MS;
}

/** What is over makes room for what is not; nothing else does. */
function hasRoom(state: State, judgement: Present, writes: Write[]): boolean {
  const kind = ALERT_KINDS[judgement.name];
  const isUrgent = kind.shutsGates || (judgement.severity ?? kind.severity) === 'critical';
  if (state.alerts.size < (isUrgent ? ALERTS_MAX : ALERTS_MAX - ALERTS_RESERVED)) return true;
  let oldest: AlertRecord | undefined;
  for (const alert of state.alerts.values()) {
    if (alert.status !== 'resolved') continue;
    if (oldest === undefined || alert.changedAtMs < oldest.changedAtMs) oldest = alert;
  }
  if (oldest !== undefined) forgetAlert(state, oldest, writes);
  return oldest !== undefined;
}

function noteDropped({ health }: State, { name }: Present, now: Now): void {
  health.droppedAlerts += 1;
  if (ALERT_KINDS[name].shutsGates) health.droppedAlertAtMs = now.atMs;
}

/** What becomes of an alert; undefined: it is forgotten, the same object: nothing changes. */
function nextOf(
  alert: AlertRecord,
  judgement: Judgement | undefined,
  canTell: boolean,
  now: Now,
): AlertRecord | undefined {
  if (judgement?.status === 'present') {
    return alert.status === 'resolved' ? raised(judgement, now) : goesOn(alert, judgement, now);
  }
  if (alert.status === 'resolved') {
    return now.atMs - alert.changedAtMs > RESOLVED_KEPT_MS ? undefined : alert;
  }
  const isUnknown = judgement !== undefined || !canTell;
  if (isUnknown && ALERT_KINDS[alert.name].endsUnseen === true) {
    return changed(alert, 'resolved', now);
  }
  if (isUnknown) return isFiring(alert) ? changed(alert, 'no_data', now) : alert;
  return alert.status === 'pending' ? undefined : changed(alert, 'resolved', now);
}

function raised(judgement: Present, now: Now): AlertRecord {
  const { name, labels } = judgement;
  const isDue = ALERT_KINDS[name].pendingMs === 0;
  return {
    id: alertId(alertIdentity(name, labels), now.atMs),
    name,
    labels,
    severity: judgement.severity ?? ALERT_KINDS[name].severity,
    status: isDue ? 'firing' : 'pending',
    sinceMs: now.atMs,
    firedAtMs: isDue ? now.atMs : null,
    resolvedAtMs: null,
    changedAtMs: now.atMs,
    transition: 1,
    ...saidOf(judgement),
    acknowledged: null,
    told: null,
  };
}

function saidOf({ summary, details = [] }: Present): Pick<AlertRecord, 'summary' | 'details'> {
  return {
    summary: cut(summary),
    details: details.slice(0, DETAILS_MAX).map(cut),
  };
}

function cut(text: string): string {
  // Half a character would not come back from the store as it was hashed into the trail.
  return text.slice(0, TEXT_CHARS_MAX).toWellFormed();
}

function goesOn(alert: AlertRecord, judgement: Present, now: Now): AlertRecord {
  const { summary, details } = saidOf(judgement);
  const severity = judgement.severity ?? ALERT_KINDS[alert.name].severity;
  const isDue = now.atMs - alert.sinceMs >= ALERT_KINDS[alert.name].pendingMs;
  const status = alert.status === 'pending' && !isDue ? 'pending' : 'firing';
  const isSaid =
    alert.summary === summary && JSON.stringify(alert.details) === JSON.stringify(details);
  const said = isSaid ? alert : { ...alert, summary, details };
  if (severity === alert.severity) return changed(said, status, now);
  // Receivers are told by transition, and it matters to them.
  const next = changed({ ...said, severity }, status, now);
  return { ...next, transition: alert.transition + 1 };
}

function changed(alert: AlertRecord, status: AlertRecord['status'], now: Now): AlertRecord {
  if (alert.status === status) return alert;
  return {
    ...alert,
    status,
    firedAtMs: alert.firedAtMs ?? (status === 'firing' ? now.atMs : null),
    resolvedAtMs: status === 'resolved' ? now.atMs : null,
    changedAtMs: now.atMs,
    transition: alert.transition + 1,
  };
}

function keepAlert(
  state: State,
  next: AlertRecord,
  before: AlertRecord | undefined,
  now: Now,
  writes: Write[],
): void {
  const identity = alertIdentity(next.name, next.labels);
  state.alerts.set(identity, next);
  if (before !== undefined && before.id !== next.id) {
    writes.push({ kind: 'alert_removed', record: before });
  }
  writes.push({ kind: 'alert', record: next });
  if (before?.id === next.id && before.transition === next.transition) return;
  state.alertsChanged = true;
  const status = before?.id === next.id ? before.status : null;
  writes.push(transitionEntry(state, next, status, now.atMs));
  touchGates(state, next);
}

function forgetAlert(state: State, alert: AlertRecord, writes: Write[]): void {
  state.alerts.delete(alertIdentity(alert.name, alert.labels));
  writes.push({ kind: 'alert_removed', record: alert });
}

function touchGates(state: State, alert: AlertRecord): void {
  const kind = ALERT_KINDS[alert.name];
  if (!kind.shutsGates && !kind.advisesRollback) return;
  for (const rotation of state.rotations.values()) {
    if (rotation.endedAtMs === null) state.unevaluated.add(rotation.id);
  }
}
