import type { IncomingHttpHeaders } from 'node:http';

/** What the headers of a document say that verifiers are told in turn. */
export interface UpstreamFacts {
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  /** What caches on the way say they added, RFC 9111 section 5.1. */
  readonly ageMs: number;
}

/** Headers that cannot be passed on as they are count as absent. */
export function upstreamFacts(headers: IncomingHttpHeaders): UpstreamFacts {
  return {
    contentType: printable(headers['content-type']),
    cacheControl: printable(headers['cache-control']),
    ageMs: ageOf(headers.age),
  };
}

function printable(value: string | undefined): string | null {
  return value !== undefined && /^[\x20-\x7e]{1,200}$/.test(value) ? value : null;
}

function ageOf(header: string | undefined): number {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : 0;
}
