import type { Verifier } from './fleet.ts';
import type { State } from './state.ts';

/** Notes which stream speaks for a verifier. */
export function bindSession(state: State, verifier: Verifier, session: string): void {
  if (verifier.session === session) return;
  if (verifier.session !== null) state.sessions.get(verifier.session)?.delete(verifier);
  verifier.session = session;
  const bound = state.sessions.get(session);
  if (bound === undefined) state.sessions.set(session, new Set([verifier]));
  else bound.add(verifier);
}

/** The stream ended: nothing changes but that nobody speaks for these verifiers now. */
export function endSession(state: State, session: string): void {
  for (const verifier of state.sessions.get(session) ?? []) {
    if (verifier.session === session) verifier.session = null;
  }
  state.sessions.delete(session);
}
