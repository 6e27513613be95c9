import type { Clock } from './clock.ts';

/** A clock that stands still until told; for tests and simulation. */
export interface ManualClock extends Clock {
  /** Lets time pass, calling back whatever falls due, in order. */
  advance(ms: number): void;
  /** Sets the wall clock apart from the monotonic one, by so much. */
  stepWall(ms: number): void;
}

/** A manual clock at the given wall time, Unix milliseconds. */
export function manualClock(startWallMs = Date.UTC(2026, 0, 1)): ManualClock {
  let monotonic = 0;
  let wall = startWallMs;
  let serial = 0;
  const timers = new Map<number, { readonly dueMs: number; readonly callback: () => void }>();

  function nextDue(untilMs: number): number | undefined {
    let first: number | undefined;
    for (const [id, timer] of timers) {
      if (timer.dueMs > untilMs) continue;
      const best = first === undefined ? undefined : timers.get(first);
      if (best === undefined || timer.dueMs < best.dueMs) first = id;
    }
    return first;
  }

  return {
    wallMs: () => wall,
    monotonicMs: () => monotonic,
    after(delayMs, callback) {
      const id = serial++;
      timers.set(id, { dueMs: monotonic + Math.max(0, delayMs), callback });
      return () => timers.delete(id);
    },
    advance(ms) {
      const untilMs = monotonic + ms;
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const timer = timers.get(id);
        timers.delete(id);
        const passed = Math.max(0, (timer?.dueMs ?? monotonic) - monotonic);
        monotonic += passed;
        wall += passed;
        timer?.callback();
      }
      wall += untilMs - monotonic;
      monotonic = untilMs;
    },
    stepWall(ms) {
      wall += ms;
    },
  };
}
