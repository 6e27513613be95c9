/** How much what is shown can be relied on. */
export type Freshness =
  /** Nothing has come yet. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nothing came for too long; `sinceMs` is when something last did, by this browser's clock. */
  | { readonly kind: 'stale'; readonly sinceMs: number };

/** The collector speaks once a second; after this long without a word, what is shown is old. */
export const STALE_AFTER_MS = 5_000;

/** A page nobody looks at asks this often, and is old after twice that and a little. */
export const HIDDEN_EVERY_MS = 15_000;

/**
 * @param heardAtMs when a tick came last, monotonic ms; null: never
 * @param nowMs monotonic ms
 */
export function freshness(heardAtMs: number | null, nowMs: number, hidden: boolean): Freshness {
  if (heardAtMs === null) return { kind: 'connecting' };
  const allowedMs = hidden ? 2 * HIDDEN_EVERY_MS + STALE_AFTER_MS : STALE_AFTER_MS;
  return nowMs - heardAtMs <= allowedMs ? { kind: 'live' } : { kind: 'stale', sinceMs: heardAtMs };
}
