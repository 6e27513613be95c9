import type { ActResult } from '../acts.ts';
import type { ActOf } from '../act/result.ts';
import { refuse } from '../act/result.ts';
import { type Algs, sharesAlg } from '../alg.ts';
import type { RotationRecord } from '../records.ts';
import { openRotations } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { endObserved } from './end.ts';

/**
 * Rotations of an issuer that nobody here controls are seen, not started. A secret shared with it is
 * no matter of its JWKS, and everybody who holds one changes it.
 */
export function thirdPartyRefusal(state: State, act: ActOf<'start'>): ActResult | undefined {
  if (state.policy.issuers.get(act.issuer)?.control !== 'third_party') return undefined;
  return refuse(
    'conflict',
    'issuer',
    `nobody here controls ${act.issuer}: its rotations open by themselves when a key appears; set issuers[].control: ours if you do`,
  );
}

/** Observed rotations that touch an algorithm or a key of the one that is to start. */
export function observedRivals(
  state: State,
  act: ActOf<'start'>,
  algs: Algs,
  oldKid: string,
): readonly RotationRecord[] {
  return openRotations(state).filter(
    (rotation) =>
      rotation.origin === 'observed' &&
      rotation.issuer === act.issuer &&
      (sharesAlg(rotation, algs) ||
        [rotation.oldKid, rotation.newKid].some((kid) => kid === oldKid || kid === act.newKid)),
  );
}

/** An observed rotation gives way to the one somebody starts, unless tokens are changing over now. */
export function yieldRefusal(
  observed: readonly RotationRecord[],
  act: ActOf<'start'>,
): ActResult | undefined {
  const busy = observed.find(
    (rotation) => rotation.newKid !== act.newKid && rotation.switchedAtMs !== null,
  );
  if (busy === undefined) return undefined;
  const dismissal = `keyturn rotation abort ${busy.id} --reason "why"`;
  const changing = `the issuer is changing from ${busy.oldKid} to ${busy.newKid} unannounced (rotation ${busy.id}), and tokens of both may be live`;
  return refuse('conflict', 'issuer', `${changing}; let that end, or dismiss it: ${dismissal}`);
}

/** Ends observed rotations in favour of a declared one. */
export function yieldTo(
  state: State,
  observed: readonly RotationRecord[],
  declared: RotationRecord,
  now: Now,
  writes: Write[],
): void {
  const because = `rotation ${declared.id}, started by ${declared.startedBy}, takes its place`;
  for (const rotation of observed) {
    endObserved(state, rotation, { outcome: 'aborted', because }, now, writes);
  }
}
