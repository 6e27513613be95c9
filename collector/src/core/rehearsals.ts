import type { RehearsalRecord } from './records.ts';
import { REHEARSALS_KEPT_MAX } from './records.ts';
import type { State } from './state.ts';
import type { Write } from './writes.ts';

/** Rehearsals of a rotation, oldest first. */
export function rehearsalsOf(
  state: Readonly<State>,
  rotationId: string,
): readonly RehearsalRecord[] {
  return state.rehearsals.get(rotationId) ?? [];
}

/** Takes a rehearsal in, and lets go of the oldest beyond those kept. */
export function keepRehearsal(state: State, record: RehearsalRecord, writes: Write[]): void {
  const all = [...rehearsalsOf(state, record.rotationId), record];
  state.rehearsals.set(record.rotationId, all.slice(-REHEARSALS_KEPT_MAX));
  writes.push({ kind: 'rehearsal', record });
}

/** What was kept before a restart. */
export function rehearsalsByRotation(
  records: readonly RehearsalRecord[],
): Map<string, readonly RehearsalRecord[]> {
  const byRotation = new Map<string, RehearsalRecord[]>();
  for (const record of records) {
    const others = byRotation.get(record.rotationId);
    if (others === undefined) byRotation.set(record.rotationId, [record]);
    else others.push(record);
  }
  for (const all of byRotation.values()) all.sort((a, b) => a.number - b.number);
  return byRotation;
}
