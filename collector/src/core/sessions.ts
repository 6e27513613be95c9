import type { Verifier } from './fleet.ts';
import type { State } from './state.ts';

/** Notes which stream speaks for a verifier. */
export function bindSession(state: State, verifier: Verifier, session: string): void {
  if (verifier.session === session) return;
  unbindSession(state, verifier);
  verifier.session = session;
  const bound = state.sessions.get(session);
  if (bound === undefined) state.sessions.set(session, new Set([verifier]));
  else bound.add(verifier);
}

/** Nobody speaks for this verifier any more. */
export function unbindSession(state: State, verifier: Verifier): void {
  if (verifier.session === null) return;
  const bound = state.sessions.get(verifier.session);
  bound?.delete(verifier);
  if (bound?.size === 0) state.sessions.delete(verifier.session);
  verifier.session = null;
}

/** The stream ended: nothing changes but that nobody speaks for these verifiers now. */
export function endSession(state: State, session: string): void {
  for (const verifier of state.sessions.get(session) ?? []) {
    if (verifier.session === session) verifier.session = null;
  }
  state.sessions.delete(session);
}
