import { openRotations } from './rotation.ts';
import type { Now, State } from './state.ts';

/** A commit failed, or one succeeded again: gates follow. */
export function noteStore(state: State, failing: boolean, now: Now): void {
  const before = state.health.storeFailingSinceMs;
  state.health.storeFailingSinceMs = failing ? (before ?? now.atMs) : null;
  if ((before === null) !== (state.health.storeFailingSinceMs === null)) touchAll(state);
}

/**
 * What was committed could be read again, or not: a store that takes writes and gives back something
 * else is relied on no more than one that refuses them.
 */
export function noteProof(state: State, problem: string, now: Now): void {
  const { health } = state;
  const before = health.proofFailing;
  if (problem === '') {
    health.provenAtMs = now.atMs;
    health.proofFailing = null;
  } else health.proofFailing = { sinceMs: before?.sinceMs ?? now.atMs, problem };
  if ((before === null) !== (health.proofFailing === null)) touchAll(state);
}

function touchAll(state: State): void {
  for (const { id } of openRotations(state)) state.unevaluated.add(id);
}
