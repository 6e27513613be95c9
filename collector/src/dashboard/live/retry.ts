const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * How long to wait before the next try to reach the collector: exponential with full jitter.
 *
 * @param failures in a row, from 1
 * @param chance from 0 to 1
 */
export function retryAfterMs(failures: number, chance: number): number {
  const ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(FIRST_MS / 2 + chance * ceilingMs);
}
