import type { VantageDetailView } from '../../../api/schemas/live-issuers.ts';
import { formatDuration } from '../../ui/duration.ts';

type DocumentView = NonNullable<VantageDetailView['document']>;

/** A `Date` header has whole seconds, and a fetch takes a moment. */
const DATE_PRECISION_MS = 2_000;

/** How long caches may keep a document, by its own headers. */
export function headersSentence({
  age_s: ageS,
  max_age_s: maxAgeS,
  stale_s: staleS,
}: Pick<DocumentView, 'age_s' | 'max_age_s' | 'stale_s'>): string {
  const keep = maxAgeS === null ? 'no max-age' : `max-age ${formatDuration(maxAgeS * 1_000)}`;
  const stale = staleS === 0 ? '' : `, stale for ${formatDuration(staleS * 1_000)} more`;
  return `${keep}${stale}${ageS === null ? '' : `, was ${formatDuration(ageS * 1_000)} old`}`;
}

/** How the collector's clock and the origin's compare. */
export function clockSentence({
  clock_behind_ms: behindMs,
  clock_tolerance_ms: toleranceMs,
}: Pick<DocumentView, 'clock_behind_ms' | 'clock_tolerance_ms'>): string {
  if (behindMs === null) return 'it does not say what time it is';
  const offMs = Math.abs(behindMs);
  if (offMs <= DATE_PRECISION_MS) return "agrees with the collector's";
  const which = behindMs > 0 ? 'behind' : 'ahead of';
  const grave = offMs > toleranceMs ? ': too far for time to prove anything' : '';
  return `${formatDuration(offMs)} ${which} the collector's${grave}`;
}
