import type { Clock } from '@keyturn/shared/clock.ts';

/** Time that moves when told, and calls back on its way. */
export interface ManualClock extends Clock {
  /** Lets time pass; whatever is due on the way is called at its moment. */
  pass(ms: number): void;
  /** Time goes on and nothing is called: the machine slept. */
  sleep(ms: number): void;
}

export function manualClock(startMs: number): ManualClock {
  let atMs = startMs;
  const waiting = new Set<{ dueMs: number; callback: () => void }>();
  return {
    wallMs: () => atMs,
    monotonicMs: () => atMs,
    after(delayMs, callback) {
      const timer = { dueMs: atMs + delayMs, callback };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    pass(ms) {
      const endMs = atMs + ms;
      for (;;) {
        const next = [...waiting].sort((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined || next.dueMs > endMs) break;
        waiting.delete(next);
        atMs = Math.max(atMs, next.dueMs);
        next.callback();
      }
      atMs = endMs;
    },
    sleep(ms) {
      atMs += ms;
    },
  };
}
