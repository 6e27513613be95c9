/** Stretches of the past one can choose, by what they are in an address. */
export const STRETCHES = [
  { value: '24h', text: 'last day', ms: 86_400_000 },
  { value: '7d', text: 'last week', ms: 7 * 86_400_000 },
  { value: '30d', text: 'last 30 days', ms: 30 * 86_400_000 },
] as const;

/** What is asked for of the changes of one JWKS, of an address; `nowMs` is the collector's. */
export function jwksHistoryPath(issuer: string, query: URLSearchParams, nowMs: number): string {
  const asked = new URLSearchParams({ issuer });
  const { from, to } = fixedStretch(query);
  const chosen = STRETCHES.find(({ value }) => value === query.get('range'));
  if (from !== null || to !== null) {
    if (from !== null) asked.set('from', from);
    if (to !== null) asked.set('to', to);
  } else if (chosen !== undefined) {
    asked.set('from', wholeMinute(nowMs - chosen.ms));
  }
  return `/v1/history/issuers?${asked}`;
}

/** The moments an address names; what is no moment is as if it were not there. */
export function fixedStretch(query: URLSearchParams): {
  readonly from: string | null;
  readonly to: string | null;
} {
  return { from: momentOf(query.get('from')), to: momentOf(query.get('to')) };
}

function momentOf(text: string | null): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

/** The same for a while, so that what moves on is not asked for each second. */
function wholeMinute(ms: number): string {
  return new Date(Math.floor(ms / 60_000) * 60_000).toISOString();
}
