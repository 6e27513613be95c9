/**
 * Every lifetime and cache of the demo, cut from hours and minutes to seconds so that a rotation
 * fits in a minute. Verifiers are really configured with them and Keyturn is told the same.
 */
export const TIMINGS = {
  webTokenS: 8,
  /** One client has longer tokens than the documented maximum, as is usual. */
  batchTokenS: 12,
  /** What the issuer's documentation, and so the collector's settings, say. */
  documentedTokenS: 8,
  joseCacheMs: 5_000,
  joseCooldownMs: 2_000,
  jwksRsaCacheMs: 5_000,
  pollMs: 5_000,
  proxyRefreshMs: 1_000,
  watchMs: 500,
  heartbeatMs: 1_000,
  requestEveryMs: 200,
  /** How long failures have to be rare again before their alert is over. */
  calmMs: 4_000,
} as const;

/** The longest cache a runbook would know of: static keys are not in it. */
export const LONGEST_CACHE_S = Math.max(TIMINGS.joseCacheMs, TIMINGS.jwksRsaCacheMs) / 1_000;
