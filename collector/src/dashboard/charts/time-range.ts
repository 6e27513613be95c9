/** Which part of the past a reader looks at. */
export type TimeRange =
  /** The last so many seconds, or everything since `sinceMs` of the caller: it moves on. */
  | { readonly kind: 'last'; readonly preset: Preset }
  /** From one moment to another: it stands. */
  | { readonly kind: 'fixed'; readonly fromMs: number; readonly toMs: number };

export const PRESETS = ['15m', '1h', '6h', '24h', 'all'] as const;
export type Preset = (typeof PRESETS)[number];

const PRESET_MS: Readonly<Record<Exclude<Preset, 'all'>, number>> = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
};

export const PRESET_WORDS: Readonly<Record<Preset, string>> = {
  '15m': '15 min',
  '1h': '1 h',
  '6h': '6 h',
  '24h': '24 h',
  all: 'whole rotation',
};

/** Shorter than this there is nothing to see, ms. */
const SHORTEST_MS = 10_000;

/** Nothing is kept for as long; what asks for more was made up. */
const LONGEST_MS = 10 * 365 * 86_400_000;

const LATEST_MS = Date.UTC(9_000, 0);

/**
 * The range an address asks for: `?range=6h`, or `?from=…&to=…` as ISO 8601. What makes no sense is
 * as if it were not there.
 *
 * @param otherwise what is shown where nobody asked for anything
 */
export function rangeOf(query: URLSearchParams, otherwise: Preset): TimeRange {
  const fromMs = Date.parse(query.get('from') ?? '');
  const toMs = Date.parse(query.get('to') ?? '');
  const lengthMs = toMs - fromMs;
  // Moments around which one can move are those far from the ends of what a date can be.
  if (fromMs >= 0 && toMs <= LATEST_MS && lengthMs >= SHORTEST_MS && lengthMs <= LONGEST_MS) {
    return { kind: 'fixed', fromMs, toMs };
  }
  const preset = PRESETS.find((known) => known === query.get('range'));
  return { kind: 'last', preset: preset ?? otherwise };
}

/** What a range is in an address: what is to be set, and what taken out. */
export function rangeQuery(
  range: TimeRange,
  otherwise: Preset,
): Readonly<Record<string, string | null>> {
  if (range.kind === 'last') {
    return { range: range.preset === otherwise ? null : range.preset, from: null, to: null };
  }
  return { range: null, from: whole(range.fromMs), to: whole(range.toMs) };
}

/** A thing that is watched over time: all of it, where nobody asks for a part. */
export interface Whole {
  readonly sinceMs: number;
  /** Null: it goes on. */
  readonly untilMs: number | null;
}

/** The moments a range spans now, Unix ms. */
export function boundsOf(
  range: TimeRange,
  whole: Whole,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  if (range.kind === 'fixed') return range;
  const toMs = whole.untilMs ?? nowMs;
  if (range.preset === 'all') return { fromMs: Math.min(whole.sinceMs, toMs - SHORTEST_MS), toMs };
  return { fromMs: nowMs - PRESET_MS[range.preset], toMs: nowMs };
}

/** What is shown first: all of what is young or over, the last hour of what has gone on for long. */
export function presetOf({ sinceMs, untilMs }: Whole, nowMs: number): Preset {
  return untilMs !== null || nowMs - sinceMs < PRESET_MS['6h'] ? 'all' : '1h';
}

/** The same length of time before or after. */
export function movedRange(
  bounds: { readonly fromMs: number; readonly toMs: number },
  direction: -1 | 1,
): TimeRange {
  const byMs = (direction * (bounds.toMs - bounds.fromMs)) / 2;
  return { kind: 'fixed', fromMs: bounds.fromMs + byMs, toMs: bounds.toMs + byMs };
}

/** What somebody dragged over; undefined when that is too short to be meant. */
export function draggedRange(aMs: number, bMs: number): TimeRange | undefined {
  const fromMs = Math.min(aMs, bMs);
  const toMs = Math.max(aMs, bMs);
  return toMs - fromMs < SHORTEST_MS ? undefined : { kind: 'fixed', fromMs, toMs };
}

function whole(ms: number): string {
  return new Date(Math.round(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}
