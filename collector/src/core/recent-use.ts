import type { HeldCounts } from './records.ts';
import type { State } from './state.ts';
import { usageKey } from './state.ts';

/** One bucket, milliseconds. */
const BUCKET_MS = 60_000;

/** Buckets kept: the last hour. */
const BUCKETS = 60;

/** Kids whose recent use is kept; kids nobody knows are not among them. */
const KIDS_MAX = 1_000;

/**
 * Acceptances of one kid over the whole fleet, minute by minute, by the order in which reports came.
 * In memory only: after a restart it starts anew, and whoever shows it says since when it counts.
 */
export interface RecentUse {
  /** Minute of collector time that `counts[minute % BUCKETS]` stands for. */
  latestMinute: number;
  readonly counts: Float64Array;
}

export interface RecentCount {
  /** Accepted verifications in the window: requests, not tokens; one token may have made them all. */
  readonly accepted: number;
  /** Of the busiest minute in it. */
  readonly busiestMinute: number;
}

/** Spreads what a newer row accepted over the time since the report before it. */
export function noteUse(
  state: State,
  row: HeldCounts,
  previous: HeldCounts | undefined,
  kid: string | null,
  when: { readonly sinceMs: number | null; readonly untilMs: number },
): void {
  const accepted = (row.outcomes.ok ?? 0) - (previous?.outcomes.ok ?? 0);
  if (accepted <= 0) return;
  const use = useOf(state, usageKey(row.issuer, kid));
  if (use === undefined) return;
  const untilMinute = Math.floor(when.untilMs / BUCKET_MS);
  advance(use, untilMinute);
  const fromMinute = when.sinceMs === null ? untilMinute : Math.floor(when.sinceMs / BUCKET_MS);
  const minutes = Math.max(1, untilMinute - fromMinute + 1);
  for (
    let minute = Math.max(fromMinute, untilMinute - BUCKETS + 1);
    minute <= untilMinute;
    minute += 1
  ) {
    const at = minute % BUCKETS;
    use.counts[at] = (use.counts[at] ?? 0) + accepted / minutes;
  }
}

/** What was accepted in the last `windowMs`, at most an hour. */
export function recentCount(
  state: Readonly<State>,
  issuer: string,
  kid: string | null,
  nowMs: number,
  windowMs: number,
): RecentCount {
  const use = state.recentUse.get(usageKey(issuer, kid));
  if (use === undefined) return { accepted: 0, busiestMinute: 0 };
  const nowMinute = Math.floor(nowMs / BUCKET_MS);
  let accepted = 0;
  let busiestMinute = 0;
  const minutes = Math.min(BUCKETS, Math.ceil(windowMs / BUCKET_MS));
  for (let minute = nowMinute - minutes + 1; minute <= nowMinute; minute += 1) {
    if (minute > use.latestMinute || minute <= use.latestMinute - BUCKETS) continue;
    const count = use.counts[minute % BUCKETS] ?? 0;
    accepted += count;
    busiestMinute = Math.max(busiestMinute, count);
  }
  return { accepted: Math.round(accepted), busiestMinute: Math.ceil(busiestMinute) };
}

function useOf(state: State, key: string): RecentUse | undefined {
  const known = state.recentUse.get(key);
  if (known !== undefined) return known;
  if (state.recentUse.size >= KIDS_MAX) dropStalest(state);
  const use = { latestMinute: 0, counts: new Float64Array(BUCKETS) };
  state.recentUse.set(key, use);
  return use;
}

function dropStalest(state: State): void {
  let stalest: string | undefined;
  let latestMinute = Number.POSITIVE_INFINITY;
  for (const [key, use] of state.recentUse) {
    if (use.latestMinute >= latestMinute) continue;
    stalest = key;
    latestMinute = use.latestMinute;
  }
  if (stalest !== undefined) state.recentUse.delete(stalest);
}

function advance(use: RecentUse, minute: number): void {
  if (minute <= use.latestMinute) return;
  const gone = Math.min(BUCKETS, minute - use.latestMinute);
  for (let at = 0; at < gone; at += 1) use.counts[(minute - at) % BUCKETS] = 0;
  use.latestMinute = minute;
}
