import type { ActResult } from '../acts.ts';
import type { ActOf } from '../act/result.ts';
import { done, refuse } from '../act/result.ts';
import { quoted } from '../gates/check.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { endObserved } from './end.ts';

/** Steps of an observed rotation are seen, not declared; a named person may dismiss it. */
export function declareObserved(
  state: State,
  rotation: RotationRecord,
  act: ActOf<'declare'>,
  now: Now,
  writes: Write[],
): ActResult {
  if (act.step !== 'abort') return refuse('conflict', 'step', refusalOf(state, rotation, act));
  const reason = act.overrideReason ?? act.reason ?? null;
  if (reason === null) {
    const dismissal = `keyturn rotation abort ${rotation.id} --reason "why"`;
    const message = `expected a reason why rotation ${rotation.id} is of no interest, got none: ${dismissal}`;
    return refuse('invalid', 'reason', message);
  }
  const because = `dismissed by ${act.by}: ${reason}`;
  const declaration = { atMs: now.atMs, by: act.by, overrideReason: reason, reason };
  const dismissed = { ...rotation, declared: { abort: declaration } };
  endObserved(state, dismissed, { outcome: 'aborted', because }, now, writes);
  return done({ rotation: state.rotations.get(rotation.id) ?? dismissed });
}

function refusalOf(state: State, rotation: RotationRecord, act: ActOf<'declare'>): string {
  const isSeen = act.step !== 'taint' && act.step !== 'destroy_old_key';
  const seen = `rotation ${rotation.id} was observed, so ${act.step} is ${isSeen ? 'seen and not declared' : 'not for us to declare'}`;
  if (state.policy.issuers.get(rotation.issuer)?.control !== 'ours') {
    return `${seen}: nobody here controls ${rotation.issuer}`;
  }
  const issuer = quoted(rotation.issuer);
  const alg = quoted(rotation.alg === '' ? 'ALG' : rotation.alg);
  const newKid = quoted(rotation.newKid);
  return `${seen}; to steer it: keyturn rotation start --issuer ${issuer} --alg ${alg} --new-kid ${newKid}`;
}
