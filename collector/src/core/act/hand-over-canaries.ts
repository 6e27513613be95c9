import type { ActResult } from '../acts.ts';
import type { State } from '../state.ts';
import type { ActOf } from './result.ts';
import { done, ended, noRotation, refuse } from './result.ts';

/** Records that canaries were handed over, or why they were not taken. The core never sees them. */
export function handOverCanaries(state: State, act: ActOf<'hand_over_canaries'>): ActResult {
  const rotation = state.rotations.get(act.rotationId);
  if (rotation === undefined) return noRotation(act.rotationId);
  if (rotation.outcome !== null) return ended(rotation);
  if (rotation.keyKind === 'secret') {
    return refuse(
      'conflict',
      'rotation_id',
      'expected a rotation of public keys: the collector never has a shared secret to check tokens with',
    );
  }
  if (state.policy.issuers.get(rotation.issuer)?.canary == null) {
    return refuse(
      'conflict',
      'rotation_id',
      `issuers[].canary is not set for ${rotation.issuer} in the collector settings`,
    );
  }
  if (act.problem !== null) return refuse('invalid', act.problem.field, act.problem.message);
  return done({ rotation });
}
