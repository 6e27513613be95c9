import type { Fleet, Verifier } from './fleet.ts';
import type { Now } from './state.ts';

/** A hello takes a moment to arrive, so smaller differences say nothing, milliseconds. */
export const AGENT_CLOCK_TOLERANCE_MS = 30_000;

/**
 * Takes what an agent's hello says of the wall clock beside a verifier. Nothing is ordered or dated by
 * it: it is there to be seen.
 *
 * @param wallUnixMs 0: the agent did not say
 */
export function noteClock(fleet: Fleet, verifier: Verifier, wallUnixMs: number, now: Now): void {
  verifier.clockAheadMs = wallUnixMs === 0 ? null : wallUnixMs - now.atMs;
  if (Math.abs(verifier.clockAheadMs ?? 0) > AGENT_CLOCK_TOLERANCE_MS)
    fleet.clocksOff.add(verifier);
  else fleet.clocksOff.delete(verifier);
}
