import type { Fleet, Verifier } from './fleet.ts';

/** Marks the identity as contested until then; an earlier end never shortens a later one. */
export function contest(fleet: Fleet, verifier: Verifier, untilMs: number, nowMs: number): void {
  if (verifier.contestedUntilMs === 0) verifier.contestedSinceMs = nowMs;
  verifier.contestedUntilMs = Math.max(verifier.contestedUntilMs, untilMs);
  fleet.contested.add(verifier);
  if (verifier.liveness === 'departed') return;
  for (const group of verifier.groups) group.contested.add(verifier);
}

/** Ends the contests whose time is over. Gives the verifiers concerned. */
export function settledContests(fleet: Fleet, nowMs: number): Verifier[] {
  const settled = [...fleet.contested].filter((verifier) => verifier.contestedUntilMs <= nowMs);
  for (const verifier of settled) dropContest(fleet, verifier);
  return settled;
}

/** Of this verifier nothing is contested any more. */
export function dropContest(fleet: Fleet, verifier: Verifier): void {
  verifier.contestedUntilMs = 0;
  fleet.contested.delete(verifier);
  for (const group of verifier.groups) group.contested.delete(verifier);
}
