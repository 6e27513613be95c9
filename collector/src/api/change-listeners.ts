import type { Engine } from '../engine-port.ts';

/** Readers waiting for a rotation's verdicts to change, at most `max` of them. */
export interface ChangeListeners {
  /** Calls back after each change; undefined when there is no room for another. */
  add(rotationId: string | null, listener: () => void): (() => void) | undefined;
  readonly size: number;
  /** How many were turned away for lack of room. */
  readonly refused: number;
  readonly closed: boolean;
  /** Ends every wait and takes no more. */
  close(): void;
}

interface Entry {
  readonly rotationId: string | null;
  readonly listener: () => void;
}

/** Listeners to the engine with a bound; a null rotation id means any rotation. */
export function changeListeners(engine: Engine, max: number): ChangeListeners {
  const entries = new Set<Entry>();
  let refused = 0;
  let closed = false;
  const unsubscribe = engine.onChange((rotationId) => {
    for (const entry of entries) {
      if (entry.rotationId === null || entry.rotationId === rotationId) entry.listener();
    }
  });
  return {
    add(rotationId, listener) {
      if (closed || entries.size >= max) {
        refused += 1;
        return undefined;
      }
      const entry = { rotationId, listener };
      entries.add(entry);
      return () => entries.delete(entry);
    },
    get size() {
      return entries.size;
    },
    get closed() {
      return closed;
    },
    get refused() {
      return refused;
    },
    close() {
      closed = true;
      unsubscribe();
      const waiting = [...entries];
      entries.clear();
      for (const { listener } of waiting) listener();
    },
  };
}
