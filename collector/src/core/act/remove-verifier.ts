import type { ActResult } from '../acts.ts';
import { depart, dismiss } from '../departure.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, refuse } from './result.ts';

/** A person says that an instance is gone for good. */
export function removeVerifier(
  state: State,
  act: ActOf<'remove_verifier'>,
  now: Now,
  writes: Write[],
): ActResult {
  const doomed = [...state.fleet.verifiers.values()].filter(
    ({ record }) =>
      record.id.service === act.service &&
      record.id.instance === act.instance &&
      (act.cache === null || record.id.cache === act.cache),
  );
  if (doomed.length === 0) {
    const name = [act.service, act.instance, act.cache].filter((part) => part !== null).join('/');
    return refuse('not_found', 'instance', `no verifier ${name} is known`);
  }
  const live = doomed.find((verifier) => verifier.liveness === 'reporting');
  if (live !== undefined) {
    return refuse(
      'conflict',
      'instance',
      `${live.key} is reporting; stop it first, it would only return`,
    );
  }
  for (const verifier of doomed) {
    depart(state, verifier, now, writes);
    dismiss(state, verifier.key, now, writes);
  }
  return done({ removed: doomed.length });
}
