import type { VerifierHistoryView } from '../../api/schemas/history.ts';
import type { VerifierDetailView } from '../../api/schemas/verifier-detail.ts';

type VerifierEvent = VerifierHistoryView['events'][number];
type KeySets = VerifierDetailView['verifier']['key_sets'];

/** A stretch in which a key was held, or in which nobody knows; times: Unix ms. */
export interface LaneSpan {
  readonly kind: 'held' | 'unknown';
  readonly fromMs: number;
  readonly toMs: number;
}

/** One key over time. */
export interface KeyLane {
  readonly issuer: string;
  readonly kid: string;
  readonly heldNow: boolean;
  readonly spans: readonly LaneSpan[];
}

interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: it did not exist yet, or had said goodbye. */
  readonly heard: boolean | null;
  /** `issuer kid` pairs as JSON. */
  readonly held: ReadonlySet<string>;
}

/**
 * Which keys a verifier held when, read back from what it holds now: events tell what was added and
 * removed. Where it was silent, or before anything is on record, nobody knows.
 *
 * @param isWhole the events are all there were in the stretch
 */
export function keyLanes(
  events: readonly VerifierEvent[],
  now: { readonly keySets: KeySets; readonly heard: boolean },
  stretch: { readonly fromMs: number; readonly toMs: number; readonly isWhole: boolean },
): readonly KeyLane[] {
  const segments = segmentsOf(events, now, stretch);
  const last = segments.at(-1)?.held ?? new Set<string>();
  const named = new Set(segments.flatMap(({ held }) => [...held]));
  return [...named]
    .map((name) => {
      const [issuer = '', kid = ''] = JSON.parse(name) as string[];
      return { issuer, kid, heldNow: last.has(name), spans: spansOf(segments, name) };
    })
    .sort(
      (a, b) => compare(a.issuer, b.issuer) || startOf(a) - startOf(b) || compare(a.kid, b.kid),
    );
}

function segmentsOf(
  events: readonly VerifierEvent[],
  now: { readonly keySets: KeySets; readonly heard: boolean },
  {
    fromMs,
    toMs,
    isWhole,
  }: { readonly fromMs: number; readonly toMs: number; readonly isWhole: boolean },
): readonly Segment[] {
  const heard = heardAfter(events, now.heard, isWhole);
  let held = new Set(
    now.keySets.flatMap(({ issuer, kids }) => kids.map((kid) => JSON.stringify([issuer, kid]))),
  );
  const segments: Segment[] = [];
  let endMs = toMs;
  for (let at = events.length - 1; at >= -1; at -= 1) {
    const event = events[at];
    const startMs = event === undefined ? fromMs : Math.max(fromMs, Date.parse(event.at));
    if (startMs < endMs) {
      const isHeard = heard[at + 1];
      segments.unshift({
        fromMs: startMs,
        toMs: endMs,
        heard: isHeard === undefined ? false : isHeard,
        held,
      });
    }
    endMs = Math.min(endMs, startMs);
    if (event?.what === 'keys') held = before(held, event);
  }
  return segments;
}

/** Whether it was heard after each event; first of all, before any. */
function heardAfter(
  events: readonly VerifierEvent[],
  heardNow: boolean,
  isWhole: boolean,
): readonly (boolean | null)[] {
  const existed = events[0]?.what !== 'first_seen';
  // Nothing on record in a whole stretch: it was all along as it is now.
  const first = !existed ? null : events.some(isLiveness) || !isWhole ? false : heardNow;
  const states: (boolean | null)[] = [first];
  for (const event of events) {
    const last = states.at(-1) ?? false;
    states.push(heardWith(event, last));
  }
  return states;
}

function heardWith(event: VerifierEvent, last: boolean | null): boolean | null {
  switch (event.what) {
    case 'reporting':
    case 'keys':
    case 'fetch_ok':
    case 'fetch_failing':
      return true;
    case 'silent':
    case 'joined':
    case 'restarted':
    case 'first_seen':
      return false;
    case 'departed':
    case 'forgotten':
      return null;
    case 'duplicate':
      return last;
  }
}

function isLiveness(event: VerifierEvent): boolean {
  return event.what === 'reporting' || event.what === 'silent' || event.what === 'joined';
}

function before(
  held: ReadonlySet<string>,
  { issuer, added, removed }: Extract<VerifierEvent, { what: 'keys' }>,
): Set<string> {
  const earlier = new Set(held);
  for (const kid of added) earlier.delete(JSON.stringify([issuer, kid]));
  for (const kid of removed) earlier.add(JSON.stringify([issuer, kid]));
  return earlier;
}

function spansOf(segments: readonly Segment[], name: string): readonly LaneSpan[] {
  const spans: LaneSpan[] = [];
  for (const { fromMs, toMs, heard, held } of segments) {
    if (heard === null || (heard && !held.has(name))) continue;
    const kind = heard ? 'held' : 'unknown';
    const last = spans.at(-1);
    if (last?.kind === kind && last.toMs === fromMs) spans[spans.length - 1] = { ...last, toMs };
    else spans.push({ kind, fromMs, toMs });
  }
  return spans;
}

function startOf({ spans }: KeyLane): number {
  return spans.find(({ kind }) => kind === 'held')?.fromMs ?? Infinity;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
