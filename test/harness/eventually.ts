import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@keyturn/shared/errors.ts';

/**
 * Asks until there is an answer other than undefined; what `ask` throws counts as none.
 * @throws Error naming what was waited for and the last failure, after `withinMs`.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = 10_000,
  everyMs = 50,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  let last = 'no answer';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = messageOf(error);
    }
    if (performance.now() >= endMs) {
      throw new Error(`${what}: not within ${withinMs} ms; last: ${last}`);
    }
    await sleep(everyMs);
  }
}
