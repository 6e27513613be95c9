import type { Dated } from '../../history/event-log.ts';
import type { JwksEvent } from '../../history/jwks-events.ts';
import type { VerifierEvent } from '../../history/verifier-events.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import type { IssuerHistoryView, VerifierHistoryView } from '../schemas/history.ts';

/** The latest `limit` of events that were read with one more, and whether there are others. */
export function latestOf<E, V>(
  events: readonly Dated<E>[],
  limit: number,
  view: (dated: Dated<E>) => V,
): { events: V[]; earlier: boolean } {
  return { events: events.slice(-limit).map(view), earlier: events.length > limit };
}

export function jwksEventView({
  atMs,
  event,
}: Dated<JwksEvent>): IssuerHistoryView['events'][number] {
  const at = isoMoment(atMs);
  const { vantage } = event;
  switch (event.what) {
    case 'document': {
      const { what, first, added, removed, changed, more, keys, keyCount, bytes, maxAgeS } = event;
      const difference = { added, removed, changed, more };
      const size = { key_count: keyCount, bytes, max_age_s: maxAgeS };
      return { at, what, vantage, first, ...difference, keys, ...size };
    }
    case 'failing':
      return { at, what: event.what, vantage, error: event.error, message: event.message };
    case 'readable':
      return { at, what: event.what, vantage };
  }
}

export function verifierEventView({
  atMs,
  event,
}: Dated<VerifierEvent>): VerifierHistoryView['events'][number] {
  const at = isoMoment(atMs);
  switch (event.what) {
    case 'keys': {
      const { what, issuer, added, removed, changed, more, count } = event;
      const data_at = isoMomentOrNull(event.dataAtMs);
      return { at, what, issuer, added, removed, changed, more, count, data_at };
    }
    case 'first_seen':
      return { at, what: event.what, profile: event.profile };
    case 'restarted':
      return { at, what: event.what, epoch: event.epoch };
    case 'fetch_failing':
      return { at, what: event.what, issuer: event.issuer, error: event.error };
    case 'fetch_ok':
      return { at, what: event.what, issuer: event.issuer };
    default:
      return { at, what: event.what };
  }
}
