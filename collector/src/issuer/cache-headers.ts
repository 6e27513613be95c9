import type { IncomingHttpHeaders } from 'node:http';

/** What an answer says about how long copies of it may live. */
export interface CacheFacts {
  /** Longest freshness life it grants to any cache, seconds; null when it says nothing. */
  readonly maxAgeS: number | null;
  /** stale-while-revalidate plus stale-if-error, seconds. */
  readonly staleS: number;
  /** Time spent in caches on the way, seconds. */
  readonly ageS: number | null;
  /** By the origin's clock, Unix ms. */
  readonly originDateMs: number | null;
}

// RFC 9111 section 1.2.2: what does not fit counts as this.
const SECONDS_MAX = 2 ** 31;

/** Reads Cache-Control (RFC 9111, RFC 5861), Expires, Age and Date. Never throws. */
export function readCacheHeaders(headers: IncomingHttpHeaders): CacheFacts {
  const directives = directivesOf(headers['cache-control'] ?? '');
  const originDateMs = dateMs(headers.date);
  const noStale = ['must-revalidate', 'no-cache', 'no-store'].some((name) => directives.has(name));
  return {
    maxAgeS: freshnessS(directives, headers.expires, originDateMs),
    staleS: noStale
      ? 0
      : secondsOf(directives.get('stale-while-revalidate')) +
        secondsOf(directives.get('stale-if-error')),
    ageS: /^\d+$/.test(headers.age ?? '') ? secondsOf(headers.age) : null,
    originDateMs,
  };
}

/** The longer of max-age and s-maxage: private and shared caches may both stand on the way. */
function freshnessS(
  directives: ReadonlyMap<string, string>,
  expires: string | undefined,
  originDateMs: number | null,
): number | null {
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  const given = ['max-age', 's-maxage'].filter((name) => directives.has(name));
  if (given.length > 0) return Math.max(...given.map((name) => secondsOf(directives.get(name))));
  if (expires === undefined) return null;
  const expiresMs = dateMs(expires);
  // An Expires that is no date means "already expired" (RFC 9111 section 5.3).
  if (expiresMs === null || originDateMs === null) return expiresMs === null ? 0 : null;
  return Math.min(SECONDS_MAX, Math.max(0, Math.round((expiresMs - originDateMs) / 1_000)));
}

/** Names in lower case; of a directive given twice the longer time counts. */
function directivesOf(header: string): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const part of header.split(',')) {
    const match = /^\s*([\w-]+)\s*(?:=\s*"?([^"]*?)"?\s*)?$/.exec(part);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined) continue;
    const value = match?.[2] ?? '';
    const before = directives.get(name);
    if (before === undefined || secondsOf(value) > secondsOf(before)) directives.set(name, value);
  }
  return directives;
}

/** 0 for what is no number of seconds: such an answer is stale at once. */
function secondsOf(value: string | undefined): number {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(SECONDS_MAX, Number(value)) : 0;
}

function dateMs(value: string | undefined): number | null {
  const ms = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
