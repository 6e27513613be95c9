/** Where time comes from; loops depend on one, rules take time as an argument. */
export interface Clock {
  /** Unix milliseconds by the wall clock; may step. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; returns a function that cancels. Does not keep a process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
