import type { Clock } from '@keyturn/shared/clock.ts';

interface Entry {
  readonly atMs: number;
  readonly serial: number;
  readonly run: () => void;
  readonly life: Life | null;
  cancelled: boolean;
}

/** Awaits that let every promise settled by one event run its followers. */
const SETTLING_TURNS = 16;
const SETTLED = Promise.resolve();

/** Virtual time: what is due runs in order of time, then of being asked for. */
export class Schedule {
  nowMs = 0;
  /** Set by whatever may have settled a promise; its followers run before time goes on. */
  unsettled = false;
  readonly #heap: Entry[] = [];
  readonly #onEvent: ((atMs: number, serial: number) => void) | null;
  #serial = 0;

  constructor(onEvent: ((atMs: number, serial: number) => void) | null) {
    this.#onEvent = onEvent;
  }

  after(delayMs: number, run: () => void, life: Life | null = null): () => void {
    const entry: Entry = {
      atMs: this.nowMs + Math.max(0, delayMs),
      serial: this.#serial++,
      run,
      life,
      cancelled: false,
    };
    this.#push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Runs until `isOver` or nothing is left to happen. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const entry = this.#pop();
      if (entry === undefined) return;
      if (entry.cancelled || entry.life?.isAlive === false) continue;
      this.nowMs = entry.atMs;
      if (entry.life !== null && entry.life.isPaused) {
        entry.life.defer(entry.run);
        continue;
      }
      this.#onEvent?.(entry.atMs, entry.serial);
      entry.run();
      if (!this.unsettled) continue;
      this.unsettled = false;
      for (let turn = 0; turn < SETTLING_TURNS; turn += 1) await SETTLED;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.serial < b.serial;
}

/** One run of one process: nothing of it happens while it is paused or after it is dead. */
export class Life {
  isAlive = true;
  isPaused = false;
  /** Time the machine slept, which the monotonic clock does not know of. */
  sleptMs = 0;
  readonly #schedule: Schedule;
  readonly #deferred: (() => void)[] = [];

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  /** `asleep`: the whole machine stands still, its monotonic clock as well. */
  pause(forMs: number, asleep: boolean): void {
    if (!this.isAlive || this.isPaused) return;
    this.isPaused = true;
    this.#schedule.after(forMs, () => {
      this.isPaused = false;
      if (asleep) this.sleptMs += forMs;
      for (const run of this.#deferred.splice(0)) this.#schedule.after(0, run, this);
    });
  }

  kill(): void {
    this.isAlive = false;
    this.#deferred.length = 0;
  }
}

/** 2026-03-02T00:00:00Z; whole days, so that stories read easily. */
export const EPOCH_MS = Date.UTC(2026, 2, 2);

export interface ProcessClock extends Clock {
  /** Sets the wall clock apart by so much more. */
  stepWall(ms: number): void;
}

/** The clocks of one process, as far off as its machine's are. `rate`: monotonic ms per true ms. */
export function clockOf(
  schedule: Schedule,
  life: Life,
  { rate, wallOffsetMs }: { readonly rate: number; readonly wallOffsetMs: number },
): ProcessClock {
  const bornMs = schedule.nowMs;
  let offsetMs = wallOffsetMs;
  return {
    wallMs: () => EPOCH_MS + schedule.nowMs + offsetMs,
    monotonicMs: () => (schedule.nowMs - bornMs - life.sleptMs) * rate,
    // Timers are never early, as rounding would make them.
    after: (delayMs, callback) =>
      schedule.after(delayMs > 0 ? delayMs / rate + 0.01 : 0, callback, life),
    stepWall(ms) {
      offsetMs += ms;
    },
  };
}
