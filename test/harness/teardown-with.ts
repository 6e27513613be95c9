import type { Test } from 'tap';
import type { Teardown } from './teardown.ts';
import { teardown } from './teardown.ts';

/** A teardown that runs when the test ends, however it ends, and fails it when a cleanup fails. */
export function teardownWith(t: Test): Teardown {
  const cleanup = teardown();
  t.teardown(async () => {
    const failures = await cleanup.run();
    if (failures.length > 0) throw new Error(`not put away: ${failures.join('; ')}`);
  });
  return cleanup;
}
