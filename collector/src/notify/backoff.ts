const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;

/**
 * Time to wait after the n-th failed attempt (from 1), milliseconds: exponential with full jitter, a
 * random share of 1 s × 2ⁿ⁻¹, at most of five minutes. Never less than a receiver asked for.
 *
 * @param random of [0, 1).
 */
export function retryDelayMs(
  attempt: number,
  random: number,
  askedForMs: number | null = null,
): number {
  const ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(20, Math.max(0, attempt - 1)));
  return Math.max(Math.round(ceilingMs * random), askedForMs ?? 0);
}
