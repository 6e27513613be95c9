import type { Run } from './judge.ts';

const HOUR_MS = 3_600_000;

/** One policy over all worlds. */
export interface Row {
  readonly policy: string;
  readonly rotations: number;
  readonly unsafeSwitches: number;
  readonly unsafeRetirements: number;
  /** Rotations in which a valid token was refused for want of a key. */
  readonly harmed: number;
  readonly refused: number;
  readonly presented: number;
  readonly unfinished: number;
  readonly overlapHours: Percentiles;
  readonly switchHours: Percentiles;
}

export interface Percentiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** How often something was so, by why. */
export type Classes = ReadonlyMap<string, number>;

export function rowOf(policy: string, runs: readonly Run[]): Row {
  const count = (is: (run: Run) => boolean): number => runs.filter(is).length;
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0);
  return {
    policy,
    rotations: runs.length,
    unsafeSwitches: count((run) => run.unsafeSwitch !== null),
    unsafeRetirements: count((run) => run.unsafeRetire !== null),
    harmed: count((run) => refusedOf(run) > 0),
    refused: sum(refusedOf),
    presented: sum((run) => run.presented),
    unfinished: count((run) => run.overlapMs === null),
    overlapHours: percentiles(runs.map((run) => run.overlapMs)),
    switchHours: percentiles(runs.map((run) => run.switchAfterMs)),
  };
}

/** Where a policy did no harm: how often Keyturn kept both keys longer than it, and by how much. */
export interface Slower {
  readonly slower: number;
  readonly of: number;
  /** Half of the slower ones took no longer than so many hours more; a rotation that never ended is not among them. */
  readonly medianHours: number;
}

export function slowerThan(own: readonly Run[], other: readonly Run[]): Slower {
  const moreMs: (number | null)[] = [];
  let of = 0;
  for (const [at, run] of own.entries()) {
    const rival = other[at];
    if (rival === undefined || rival.overlapMs === null || isHarmful(rival)) continue;
    of += 1;
    if (run.overlapMs === null) moreMs.push(null);
    else if (run.overlapMs > rival.overlapMs) moreMs.push(run.overlapMs - rival.overlapMs);
  }
  return { slower: moreMs.length, of, medianHours: percentiles(moreMs).p50 };
}

/** Rotations by why something was so in them. */
export function classes(runs: readonly Run[], whysOf: (run: Run) => readonly string[]): Classes {
  const counted = new Map<string, number>();
  for (const run of runs) {
    for (const why of whysOf(run)) counted.set(why, (counted.get(why) ?? 0) + 1);
  }
  return new Map([...counted].toSorted((a, b) => b[1] - a[1]));
}

export function refusedOf({ refused }: Run): number {
  return Object.values(refused).reduce((total, times) => total + times, 0);
}

function isHarmful(run: Run): boolean {
  return refusedOf(run) > 0 || run.unsafeSwitch !== null || run.unsafeRetire !== null;
}

function percentiles(values: readonly (number | null)[]): Percentiles {
  const sorted = values.flatMap((ms) => (ms === null ? [] : [ms / HOUR_MS])).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}
