import type { Clock } from '@keyturn/shared/clock.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Engine } from '../engine-port.ts';
import { ApiError } from './api-error.ts';
import type { ChangeListeners } from './change-listeners.ts';
import { verdictNow } from './views/gate.ts';

/** A long poll: the reader has seen `index` and waits for another. */
export interface Wait {
  readonly rotationId: string;
  readonly gate: Gate;
  readonly index: number;
  readonly waitMs: number;
}

/**
 * Gives the verdict as soon as its revision differs from `index` (a lower one too: the collector may
 * have been restored), and at the latest after `waitMs` or when `signal` aborts. Throws ApiError
 * NOT_FOUND, or BUSY when too many wait.
 */
export async function awaitChange(
  parts: { engine: Engine; listeners: ChangeListeners; clock: Clock },
  wait: Wait,
  signal: AbortSignal,
): Promise<Verdict> {
  const { engine, listeners, clock } = parts;
  const first = verdictNow(engine, wait.rotationId, wait.gate);
  if (first.revision !== wait.index || wait.waitMs <= 0 || signal.aborted) return first;
  await new Promise<void>((resolve, reject) => {
    const remove = listeners.add(wait.rotationId, look);
    if (remove === undefined) {
      reject(new ApiError('BUSY', 'Too many are waiting for a change; ask without `wait`.'));
      return;
    }
    const cancel = clock.after(wait.waitMs, finish);
    signal.addEventListener('abort', finish);
    function finish(): void {
      remove?.();
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    }
    function look(): void {
      // The verdict last kept, so that a change costs each waiter a look and not an evaluation.
      const kept = engine.state().gates.get(wait.rotationId)?.get(wait.gate);
      if (listeners.closed || kept?.revision !== wait.index) finish();
    }
  });
  return verdictNow(engine, wait.rotationId, wait.gate);
}
