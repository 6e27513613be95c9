import type { Clock } from '@keyturn/shared/clock.ts';
import type { Span } from '@opentelemetry/api';
import type { Write } from './core/writes.ts';
import type { Store } from './store/store.ts';
import { CommitTrace } from './telemetry/commit-trace.ts';

/** What is told of commits. */
export interface CommitEvents {
  /** One commit ended; `refused`: the store did not take it. */
  committed(writes: number, durationMs: number, refused: boolean): void;
}

/** The store as the engine commits to it: every commit is measured, and seen in traces. */
export class Commits {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #events: CommitEvents;
  readonly #trace = new CommitTrace();

  constructor(store: Store, clock: Clock, events: CommitEvents) {
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
  }

  /** `callers` wait for it. Gives what the store threw; undefined when it took the writes. */
  commit(writes: readonly Write[], nowMs: number, callers: readonly Span[]): unknown {
    const startedAtMs = this.#clock.monotonicMs();
    const ended = (isRefused: boolean): void =>
      this.#events.committed(writes.length, this.#clock.monotonicMs() - startedAtMs, isRefused);
    try {
      this.#trace.commit(writes, nowMs, callers, () => this.#store.commit(writes));
    } catch (error) {
      ended(true);
      return error;
    }
    ended(false);
    return undefined;
  }
}
