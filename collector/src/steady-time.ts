import type { Clock } from '@keyturn/shared/clock.ts';
import type { Now } from './core/state.ts';

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
