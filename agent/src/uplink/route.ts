import type { Break, Mode } from './session-events.ts';

/** Streams that ended without one message before calls are tried. */
const MUTE_STREAMS_MAX = 3;
/** How long calls are used before the stream is tried again. */
const CALLS_FOR_MS = 600_000;

/**
 * Stream or single calls. A stream that a proxy breaks looks like a collector that is down, so after
 * some mute streams both ways are tried in turn, and the one that answers is kept.
 */
export class Route {
  mode: Mode = 'stream';
  #muteStreams = 0;
  #callsSinceMs: number | null = null;
  #heard = false;

  opened(): void {
    this.#heard = false;
  }

  heard(): void {
    this.#heard = true;
  }

  broke(why: Break, nowMs: number): void {
    if (this.mode === 'calls') {
      if (!this.#heard) this.mode = 'stream';
      return;
    }
    this.#muteStreams = this.#heard ? 0 : this.#muteStreams + 1;
    if (why.kind !== 'unimplemented' && this.#muteStreams < MUTE_STREAMS_MAX) return;
    this.mode = 'calls';
    this.#callsSinceMs = nowMs;
  }

  /** True once when calls have been used for long; the stream is next. */
  isTimeForStream(nowMs: number): boolean {
    if (this.mode === 'stream' || this.#callsSinceMs === null) return false;
    if (nowMs - this.#callsSinceMs < CALLS_FOR_MS) return false;
    this.#callsSinceMs = null;
    this.#muteStreams = 0;
    this.mode = 'stream';
    return true;
  }
}
