/** What a receiver may ask for at most; its notices are kept for a day. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * How long a `Retry-After` header (RFC 9110: seconds, or a date) asks to wait, milliseconds, at most an
 * hour; null when there is none that can be read.
 */
export function retryAfterMs(header: string | undefined, wallMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : httpDateMs(text) - wallMs;
  return Number.isNaN(waitMs) ? null : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, waitMs));
}

/** NaN for what is no date; a bare number is none either. */
function httpDateMs(text: string): number {
  return /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
}
