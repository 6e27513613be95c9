/**
 * Milliseconds that also count the time a computer slept, in which the monotonic clock of most
 * browsers stands still: of two looks at both clocks, the longer step counts.
 *
 * @param monotonicMs never goes back
 * @param wallMs may be set by anybody, so its steps back are nothing
 */
export function awakeTime(monotonicMs: () => number, wallMs: () => number): () => number {
  let monotonic = monotonicMs();
  let wall = wallMs();
  let totalMs = 0;
  return () => {
    const nextMonotonic = monotonicMs();
    const nextWall = wallMs();
    totalMs += Math.max(0, nextMonotonic - monotonic, nextWall - wall);
    monotonic = nextMonotonic;
    wall = nextWall;
    return totalMs;
  };
}
