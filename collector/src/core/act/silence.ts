import type { ActResult } from '../acts.ts';
import { ALERT_LABELS, type AlertLabels, type SilenceRecord } from '../alerts/alert.ts';
import { ALERT_NAMES, type AlertName } from '../alerts/catalogue.ts';
import { tellAlerts } from '../alerts/telling.ts';
import { trailOf } from '../alerts/trail.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, refuse } from './result.ts';

/** Silences in force at a time. */
export const SILENCES_MAX = 500;

/** What is to be quiet for longer is not an alert any more: its cause or its rule has to change. */
export const SILENCE_MAX_MS = 30 * 86_400_000;

/**
 * A named person keeps alerts from being told for a time. They fire all the same, and gates and ends
 * know nothing of it.
 */
export function silence(state: State, act: ActOf<'silence'>, now: Now, writes: Write[]): ActResult {
  if (state.silences.has(act.id)) {
    return refuse('conflict', 'id', `silence ${act.id} exists already`);
  }
  const problem = matcherProblem(act) ?? validityProblem(act.validForMs);
  if (problem !== undefined) return refuse('invalid', problem.field, problem.message);
  if (state.silences.size >= SILENCES_MAX) {
    return refuse(
      'conflict',
      'id',
      `expected at most ${SILENCES_MAX} silences at a time; end one first (keyturn alerts silences)`,
    );
  }
  const record: SilenceRecord = {
    id: act.id,
    name: alertName(act.name),
    labels: labelsOf(act.labels),
    by: act.by,
    reason: act.reason,
    atMs: now.atMs,
    expiresAtMs: now.atMs + act.validForMs,
  };
  state.silences.set(record.id, record);
  state.alertsChanged = true;
  writes.push({ kind: 'silence', record });
  return done({ silence: record });
}

/** A named person ends a silence before its time. What still fires is told now. */
export function unsilence(
  state: State,
  act: ActOf<'unsilence'>,
  now: Now,
  writes: Write[],
): ActResult {
  const record = state.silences.get(act.silenceId);
  if (record === undefined) {
    return refuse('not_found', 'silence_id', `no silence ${act.silenceId} is in force`);
  }
  removeSilence(state, record, writes);
  tellAlerts(state, now, writes);
  return done({ silence: record });
}

/** Removes silences whose time is over. */
export function expireSilences(state: State, now: Now, writes: Write[]): void {
  for (const record of state.silences.values()) {
    if (record.expiresAtMs > now.atMs) continue;
    removeSilence(state, record, writes);
    writes.push({
      kind: 'audit',
      record: {
        atMs: now.atMs,
        kind: 'observation',
        rotationId: trailOf(state, record.labels),
        actor: 'keyturn',
        action: 'silence_expired',
        message: `silence ${record.id} of ${record.by} is over: ${record.reason}`,
        detail: { silence: record.id, name: record.name, labels: record.labels },
      },
    });
  }
}

function removeSilence(state: State, record: SilenceRecord, writes: Write[]): void {
  state.silences.delete(record.id);
  state.alertsChanged = true;
  writes.push({ kind: 'silence_removed', record });
}

interface Problem {
  readonly field: string;
  readonly message: string;
}

function matcherProblem({ name, labels, everything }: ActOf<'silence'>): Problem | undefined {
  if (name !== null && alertName(name) === null) {
    return { field: 'name', message: `expected one of ${ALERT_NAMES.join(', ')}, got ${name}` };
  }
  if (name !== null || Object.keys(labels).length > 0 || everything) return undefined;
  return {
    field: 'everything',
    message: 'expected a name or a label; this would silence every alert, which has to be said',
  };
}

function validityProblem(validForMs: number): Problem | undefined {
  if (validForMs > 0 && validForMs <= SILENCE_MAX_MS) return undefined;
  return { field: 'valid_for', message: 'expected more than zero and at most 30 days' };
}

function alertName(name: string | null): AlertName | null {
  return ALERT_NAMES.find((known) => known === name) ?? null;
}

function labelsOf(labels: Readonly<Record<string, string>>): AlertLabels {
  const wanted = ALERT_LABELS.flatMap((label) => {
    const value = labels[label];
    return value === undefined ? [] : [[label, value] as const];
  });
  return Object.fromEntries(wanted);
}
