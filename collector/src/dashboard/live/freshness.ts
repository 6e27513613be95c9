/** How much what is shown can be relied on. */
export type Freshness =
  /** Nothing has come yet. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nothing came for too long; `sinceMs` is when something last did, by this browser's clock. */
  | { readonly kind: 'stale'; readonly sinceMs: number };

/** The collector speaks once a second; after this long without a word, what is shown is old. */
export const STALE_AFTER_MS = 5_000;

/** A page nobody looks at asks this often. */
export const HIDDEN_EVERY_MS = 15_000;

/**
 * Browsers let a page that is long out of sight run once a minute, whatever it asked for: until then it
 * has not failed to hear, it has not asked.
 */
const HIDDEN_ALLOWED_MS = 90_000;

/** How a page hears of the collector. */
export interface Hearing {
  /** When a tick came last, monotonic ms; null: never. */
  readonly heardAtMs: number | null;
  /** The last time it was asked, no answer came. */
  readonly hasFailed: boolean;
  readonly hidden: boolean;
}

/** @param nowMs monotonic ms */
export function freshness({ heardAtMs, hasFailed, hidden }: Hearing, nowMs: number): Freshness {
  if (heardAtMs === null) return { kind: 'connecting' };
  const allowedMs = hidden && !hasFailed ? HIDDEN_ALLOWED_MS : STALE_AFTER_MS;
  return nowMs - heardAtMs <= allowedMs ? { kind: 'live' } : { kind: 'stale', sinceMs: heardAtMs };
}
