/** Without an act for this long, who acts is asked anew. */
export const IDLE_MS = 15 * 60_000;

/** A page nobody has looked at for this long may have another person before it. */
export const HIDDEN_MS = 5 * 60_000;

export interface OperatorMoments {
  /** When the token was entered or last used, monotonic ms. */
  readonly usedAtMs: number;
  /** Since when nobody sees the page, monotonic ms; null: it is seen. */
  readonly hiddenSinceMs: number | null;
}

/** Whether the token has to be forgotten by now. */
export function isForgotten({ usedAtMs, hiddenSinceMs }: OperatorMoments, nowMs: number): boolean {
  if (nowMs - usedAtMs >= IDLE_MS) return true;
  return hiddenSinceMs !== null && nowMs - hiddenSinceMs >= HIDDEN_MS;
}
