import type { TimelineView } from '../../../api/schemas/timeline.ts';
import { formatDuration } from '../../ui/duration.ts';

/** A moment of the life of one of the keys. */
export interface Mark {
  readonly id: string;
  readonly key: 'old' | 'new' | 'both';
  readonly label: string;
  readonly atMs: number;
  /** It has not come, and may come otherwise. */
  readonly isAhead: boolean;
}

/** What a key does from one moment to another. */
export interface Span {
  readonly id: 'staged' | 'learning' | 'signs' | 'tokens' | 'margin' | 'caches';
  readonly key: 'old' | 'new';
  readonly label: string;
  readonly fromMs: number;
  /** Null: its end is not known. */
  readonly toMs: number | null;
}

/** What verdicts say of the time to come, Unix ms. */
export interface Forecast {
  /** When gate activate clears, or by when all that lack an observed key have it. */
  readonly knownByMs: number | null;
}

/** What is reckoned; everything else has been seen or said. */
const FORESEEN: ReadonlySet<string> = new Set([
  'known',
  'tokens-end',
  'retire',
  'honoured',
  'purged',
]);

/** Every moment that is known or foreseen, in order. */
export function marksOf(
  view: TimelineView,
  { knownByMs }: Forecast,
  nowMs: number,
): readonly Mark[] {
  const marks: Mark[] = [];
  const endedMs = ms(view.ended_at);
  const add = (id: string, key: Mark['key'], label: string, atMs: number | null): void => {
    // What comes after the end is no part of it.
    if (atMs !== null && (endedMs === null || atMs <= endedMs))
      marks.push({ id, key, label, atMs, isAhead: FORESEEN.has(id) && atMs > nowMs });
  };
  const firstUse = ms(view.first_new_use_at);
  const switched = ms(view.switched_at);
  const seen = ms(view.switch_seen_at);
  add('started', 'both', 'rotation started', ms(view.started_at));
  add('published', 'new', 'new key served everywhere', ms(view.published_at));
  if (ahead(knownByMs, nowMs)) add('known', 'new', 'all verifiers know the new key', knownByMs);
  add('first-use', 'new', 'first token of the new key accepted', firstUse);
  if (switched !== firstUse) add('switched', 'new', 'signer declared switched', switched);
  if (seen !== firstUse && seen !== switched) {
    add('switch-seen', 'new', 'switch seen: a token of the new key accepted', seen);
  }
  add('rolled-back', 'both', 'signer declared switched back', ms(view.rolled_back_at));
  add('last-signature', 'old', 'last signature of the old key, at the latest', lastSigned(view));
  add('last-use', 'old', 'last token of the old key accepted', ms(view.last_old_use_at));
  add('tokens-end', 'old', 'last token of the old key expires', tokensEndMs(view));
  add('retire', 'old', 'earliest retire, margins included', ms(view.old_tokens_gone_at));
  add(
    'honoured',
    'old',
    'policy honours tokens of the tainted key until',
    ms(view.honoured_until_at),
  );
  add('withdrawn', 'old', 'old key served nowhere', ms(view.withdrawn_at));
  add('purged', 'old', 'last cache with a bound drops the old key', ms(view.purged_by_at));
  add('ended', 'both', 'rotation ended', ms(view.ended_at));
  return marks.sort((a, b) => a.atMs - b.atMs);
}

/** What each key does when, as far as is known. */
export function spansOf(
  view: TimelineView,
  { knownByMs }: Forecast,
  nowMs: number,
): readonly Span[] {
  const endedMs = ms(view.ended_at);
  const untilMs = endedMs ?? nowMs;
  // Clocks of issuers run ahead by a little; what has been seen has happened all the same.
  const happenedMs = (at: string | null): number | null =>
    at === null ? null : Math.min(Date.parse(at), nowMs);
  const startedMs = Math.min(Date.parse(view.started_at), nowMs);
  const publishedMs = happenedMs(view.published_at);
  const newSignsMs = happenedMs(view.switched_at ?? view.switch_seen_at);
  const spans: Span[] = [];
  const add = (
    id: Span['id'],
    key: Span['key'],
    label: string,
    fromMs: number | null,
    toMs: number | null,
  ): void => {
    const endMs = endedMs === null ? toMs : Math.min(toMs ?? endedMs, endedMs);
    if (fromMs !== null && (endMs === null || endMs > fromMs)) {
      spans.push({ id, key, label, fromMs, toMs: endMs });
    }
  };
  add(
    'staged',
    'new',
    'not served yet',
    Math.min(startedMs, publishedMs ?? startedMs),
    publishedMs ?? newSignsMs ?? untilMs,
  );
  if (publishedMs !== null) {
    const knownMs = newSignsMs ?? (ahead(knownByMs, nowMs) ? knownByMs : untilMs);
    add('learning', 'new', 'verifiers learn it', publishedMs, knownMs);
  }
  add('signs', 'new', 'signs', newSignsMs, untilMs);
  const signedMs = happenedMs(view.last_old_signature_at);
  add('signs', 'old', 'signs', startedMs, signedMs ?? untilMs);
  if (signedMs !== null && view.honoured_until_at === null) {
    const endMs = tokensEndMs(view);
    const lifetime = view.terms?.lifetime_s;
    const label =
      endMs === null
        ? 'its tokens live; nobody knows how long'
        : `its tokens live${lifetime == null ? '' : `, up to ${formatDuration(lifetime * 1_000)}`}`;
    add('tokens', 'old', label, signedMs, endMs);
    add('margin', 'old', marginLabel(view), endMs, ms(view.old_tokens_gone_at));
  }
  if (signedMs !== null && view.honoured_until_at !== null) {
    add('tokens', 'old', 'tainted: honoured by policy', signedMs, ms(view.honoured_until_at));
  }
  const dropMs = view.unbounded_services.length > 0 ? null : ms(view.purged_by_at);
  if (
    view.withdrawn_at !== null &&
    view.ended_at === null &&
    (dropMs !== null || view.unbounded_services.length > 0)
  ) {
    add(
      'caches',
      'old',
      dropMs === null ? 'caches may accept it, without a bound' : 'caches may accept it',
      happenedMs(view.withdrawn_at),
      dropMs,
    );
  }
  return spans;
}

/** `σ 30s + margin 1h`: what is waited beyond the last token. */
export function marginLabel({ terms }: TimelineView): string {
  if (terms === null) return 'margins';
  return `skew ${formatDuration(terms.skew_s * 1_000)} + margin ${formatDuration(terms.retire_safety_s * 1_000)}`;
}

/** When the last token of the old key expires, before margins; null while that is not known. */
export function tokensEndMs(view: TimelineView): number | null {
  const goneMs = ms(view.old_tokens_gone_at);
  if (goneMs === null || view.terms === null) return null;
  return goneMs - (view.terms.skew_s + view.terms.retire_safety_s) * 1_000;
}

function lastSigned(view: TimelineView): number | null {
  return ms(view.last_old_signature_at);
}

function ahead(atMs: number | null, nowMs: number): atMs is number {
  return atMs !== null && atMs > nowMs;
}

function ms(at: string | null): number | null {
  return at === null ? null : Date.parse(at);
}
