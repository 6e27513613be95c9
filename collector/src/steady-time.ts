import type { Clock } from '@keyturn/shared/clock.ts';
import type { Now } from './core/state.ts';
import type { Persisted } from './core/writes.ts';

export interface SteadyTime {
  now(): Now;
}

/**
 * Collector time: the wall clock at the start, carried on by the monotonic clock, so that a step of
 * the wall clock while running moves nothing. `earliestMs` follows the wall clock where that has been
 * set back: the step delays what waits for time. `lastNowMs` is the latest moment known from before a
 * restart; time does not start below it.
 */
export function steadyTime(clock: Clock, lastNowMs: number): SteadyTime {
  const startMs = Math.max(clock.wallMs(), lastNowMs);
  const startMonotonicMs = clock.monotonicMs();
  return {
    now() {
      const atMs = Math.floor(startMs + clock.monotonicMs() - startMonotonicMs);
      return { atMs, earliestMs: Math.min(atMs, clock.wallMs()) };
    },
  };
}

/** The latest moment on record: the one kept every so often, or that of a change after it. */
export function latestMomentMs(persisted: Persisted): number {
  let latestMs = persisted.meta?.lastNowMs ?? 0;
  const note = (atMs: number | null): void => {
    if (atMs !== null && atMs > latestMs) latestMs = atMs;
  };
  for (const verifier of persisted.verifiers) note(verifier.receivedAtMs);
  for (const key of persisted.keys)
    for (const at of [key.publishedAtMs, key.withdrawnAtMs]) note(at);
  for (const rotation of persisted.rotations) {
    for (const declared of Object.values(rotation.declared)) note(declared.atMs);
  }
  const { attestations, waivers, rehearsals } = persisted;
  for (const made of [...attestations, ...waivers, ...rehearsals]) note(made.atMs);
  for (const silence of persisted.silences) note(silence.atMs);
  for (const alert of persisted.alerts) note(alert.changedAtMs);
  return latestMs;
}
