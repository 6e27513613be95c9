import type { Verifier } from './fleet.ts';
import { forget, setLiveness } from './fleet.ts';
import { restand, watchingRotations } from './rotation.ts';
import type { Now, State } from './state.ts';
import type { Write } from './writes.ts';

/** Takes a verifier out of every gate, keeping its record. */
export function depart(state: State, verifier: Verifier, now: Now, writes: Write[]): void {
  verifier.record = { ...verifier.record, departedAtMs: now.atMs };
  writes.push({ kind: 'verifier', record: verifier.record });
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now, { departed: true });
  }
  setLiveness(state.fleet, verifier, 'departed', now.atMs);
}

/** Deletes a departed verifier's record; later epochs under any name start above its own. */
export function dismiss(state: State, key: string, now: Now, writes: Write[]): void {
  const verifier = state.fleet.verifiers.get(key);
  if (verifier === undefined) return;
  state.epochFloor = Math.max(state.epochFloor, verifier.record.epoch);
  forget(state.fleet, verifier, now.atMs);
  writes.push({ kind: 'verifier_removed', record: verifier.record });
  writes.push({ kind: 'meta', record: { epochFloor: state.epochFloor, lastNowMs: now.atMs } });
}
