import { setImmediate } from 'node:timers/promises';
import { ApiError } from './api-error.ts';

/** Runs heavy answers one after the other, so that anybody who asks often slows down nobody else. */
export interface OneAtATime {
  /** Throws ApiError BUSY when as many as may wait do so. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** @param waitingMax - how many may wait while one runs */
export function oneAtATime(waitingMax: number): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  let inside = 0;
  return {
    async run(work) {
      if (inside > waitingMax) {
        throw new ApiError('BUSY', 'Too many such answers are being made; try again later.');
      }
      inside += 1;
      // One that fails has told its own caller.
      const mine = last.then(async () => {
        // Whatever else came in since has its turn first.
        await setImmediate();
        return work();
      });
      last = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        inside -= 1;
      }
    },
  };
}
