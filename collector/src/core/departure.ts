import type { Verifier } from './fleet.ts';
import { forget, setLiveness } from './fleet.ts';
import type { RotationRecord } from './records.ts';
import { keepRotation, openRotations, restand, watchingRotations } from './rotation.ts';
import { unbindSession } from './sessions.ts';
import type { Now, State } from './state.ts';
import { attributableFailures, dropTotals } from './usage.ts';
import type { Write } from './writes.ts';

/** Takes a verifier out of every gate, keeping its record. */
export function depart(state: State, verifier: Verifier, now: Now, writes: Write[]): void {
  verifier.record = { ...verifier.record, departedAtMs: now.atMs };
  writes.push({ kind: 'verifier', record: verifier.record });
  for (const rotation of watchingRotations(state, verifier)) {
    restand(state, verifier, rotation, now, { departed: true });
  }
  setLiveness(state.fleet, verifier, 'departed', now.atMs);
  unbindSession(state, verifier);
}

/** Deletes a departed verifier's record; later epochs under any name start above its own. */
export function dismiss(state: State, key: string, now: Now, writes: Write[]): void {
  const verifier = state.fleet.verifiers.get(key);
  if (verifier === undefined) return;
  state.epochFloor = Math.max(state.epochFloor, verifier.record.epoch);
  dropCounts(state, verifier, writes);
  for (const rotation of watchingRotations(state, verifier)) state.unevaluated.add(rotation.id);
  unbindSession(state, verifier);
  forget(state.fleet, verifier);
  writes.push({ kind: 'verifier_removed', record: verifier.record });
  writes.push({ kind: 'meta', record: { epochFloor: state.epochFloor, lastNowMs: now.atMs } });
}

/**
 * Takes what was counted of a verifier out of the totals, so that they are the same after a restart
 * and its process may return. Failures it had before a switch must not hide others' after it.
 */
function dropCounts(state: State, verifier: Verifier, writes: Write[]): void {
  const open = openRotations(state).filter(
    (rotation) => rotation.switchedAtMs !== null || rotation.origin === 'observed',
  );
  const failures = (rotation: RotationRecord): number =>
    attributableFailures(state, rotation.issuer, rotation.newKid);
  const before = open.map(failures);
  dropTotals(state, verifier.record);
  for (const [at, rotation] of open.entries()) {
    const gone = (before[at] ?? 0) - failures(rotation);
    if (gone === 0 || rotation.failuresAtSwitch === 0) continue;
    const failuresAtSwitch = Math.max(0, rotation.failuresAtSwitch - gone);
    keepRotation(state, { ...rotation, failuresAtSwitch }, writes);
  }
}
