/** A stretch of time in which something was counted, Unix milliseconds. */
export interface Span {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Spreads what was counted over a span evenly over the buckets it touches, in whole numbers that add
 * up to `count`. Gives the part that lies before `oldestMs`, where nothing is added any more.
 */
export function spread(
  count: number,
  { sinceMs, untilMs }: Span,
  stepMs: number,
  oldestMs: number,
  add: (bucketMs: number, count: number) => void,
): number {
  const lengthMs = untilMs - sinceMs;
  if (lengthMs <= 0) {
    add(Math.floor(Math.max(untilMs, oldestMs) / stepMs) * stepMs, count);
    return 0;
  }
  const fromMs = Math.min(untilMs, Math.max(sinceMs, oldestMs));
  const upTo = (atMs: number): number => Math.round((count * (atMs - sinceMs)) / lengthMs);
  const late = upTo(fromMs);
  let placed = late;
  for (let atMs = fromMs; atMs < untilMs; ) {
    const bucketMs = Math.floor(atMs / stepMs) * stepMs;
    atMs = Math.min(untilMs, bucketMs + stepMs);
    const more = atMs === untilMs ? count - placed : upTo(atMs) - placed;
    if (more > 0) add(bucketMs, more);
    placed += more;
  }
  return late;
}
