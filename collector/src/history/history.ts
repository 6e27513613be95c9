import type { Clock } from '@keyturn/shared/clock.ts';
import type { HistoryStore } from '../store/history-store.ts';
import type { Watched } from './bucket-kind.ts';
import { type HistoryEvents, type Recorded, Recorder } from './recorder.ts';
import { FINEST_S, floorTo, type Grid, gridFor, type Stretch } from './resolutions.ts';
import { type TokenBucket, TOKENS } from './token-bucket.ts';

/** Buckets of a grid, as far as anybody watched. */
export interface Drawn<B extends Watched> {
  readonly grid: Grid;
  /** One per bucket of the grid; null: nobody watched. */
  readonly buckets: readonly (B | null)[];
  /** Buckets from here on may still change, Unix seconds. */
  readonly settledS: number;
}

/** The past as pages draw it. */
export interface History {
  /** Grows when a bucket has settled: whoever has seen this one need not read again. */
  version(): number;
  /** Tokens since the start whose time was over when they were told of. */
  late(): number;
  tokens(issuer: string, stretch: Stretch): Drawn<TokenBucket>;
  /** Collector time, Unix ms. */
  nowMs(): number;
  /** Writes what there is, and stops. */
  close(): void;
}

export interface HistoryOptions {
  readonly engine: Recorded;
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly events: HistoryEvents;
}

/** Starts to keep history of an engine; it is read from the same place. */
export function openHistory({ engine, store, clock, events }: HistoryOptions): History {
  const recorder = new Recorder({ recorded: engine, store, clock, events });
  const gridOf = (stretch: Stretch): Grid => gridFor(stretch, Math.floor(engine.nowMs() / 1_000));
  return {
    version: () => recorder.version,
    late: () => recorder.tokens.late,
    tokens(issuer, stretch) {
      const grid = gridOf(stretch);
      return {
        grid,
        buckets: recorder.tracks.read(TOKENS, issuer, grid),
        settledS: floorTo(Math.floor(recorder.settledMs / 1_000), FINEST_S),
      };
    },
    nowMs: () => engine.nowMs(),
    close: () => recorder.close(),
  };
}
