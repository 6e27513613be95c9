import { evaluateStability } from './evaluate.ts';
import { expireLeases } from './reports.ts';
import type { Now, State } from './state.ts';
import type { Input } from './step.ts';

/**
 * Ends a run of passing checks that the last input broke, or time since then, before the next input
 * mends it unnoticed: a replica that lost the key for one fetch, a lease that a late report renews.
 */
export function noteBreaks(state: State, input: Input, now: Now): void {
  const shaken = state.unevaluated.takeShaken();
  if (state.steadySinceMs.size === 0) return;
  expireLeases(state, now);
  for (const id of [...shaken, ...state.unevaluated.takeShaken()]) evaluateRun(state, id, now);
  // Attestations and waivers lapse with time, sightings grow old: looked at where the input renews.
  if (input.type === 'act') evaluateRuns(state, now, null);
  if (input.type === 'sighting') evaluateRuns(state, now, input.sighting.issuer);
}

function evaluateRuns(state: State, now: Now, issuer: string | null): void {
  for (const id of state.steadySinceMs.keys()) {
    if (issuer === null || state.rotations.get(id)?.issuer === issuer) evaluateRun(state, id, now);
  }
}

function evaluateRun(state: State, id: string, now: Now): void {
  const rotation = state.rotations.get(id);
  if (rotation === undefined || !state.steadySinceMs.has(id)) return;
  evaluateStability(state, rotation, now);
}
