import type { SeriesKind } from './parameters.ts';

const HOUR_MS = 3_600_000;

/** A day, and the hour that is not over. */
const HOURS = 25;

/** With fewer tokens than this a day, a rate says little, and one failure must not make it high. */
const TOKENS_MIN = 1_000;

/** What a series showed in the last day, hour by hour: [failures, tokens] of each. */
export interface Baseline {
  latestHour: number;
  readonly hours: Float64Array;
  /** Rate of the hours that are over; stays as it is while a rotation is in motion. */
  usual: number;
  frozen: boolean;
}

/** As kept over restarts: the hours up to `latestHour`, oldest first. */
export interface KeptBaseline {
  readonly latestHour: number;
  readonly hours: readonly (readonly [failures: number, tokens: number])[];
  readonly usual: number;
}

export function emptyBaseline(kind: SeriesKind, nowMs: number): Baseline {
  return {
    latestHour: Math.floor(nowMs / HOUR_MS),
    hours: new Float64Array(HOURS * 2),
    usual: kind.usualMin,
    frozen: false,
  };
}

/** Takes one bin in. Gives true when an hour ended, so that the usual rate may be another. */
export function learn(
  baseline: Baseline,
  kind: SeriesKind,
  failures: number,
  tokens: number,
  nowMs: number,
  frozen: boolean,
): boolean {
  const hour = Math.floor(nowMs / HOUR_MS);
  // Hours of a rotation never were: what came before it goes on to be the last day.
  if (frozen || baseline.frozen) baseline.latestHour = Math.max(baseline.latestHour, hour);
  baseline.frozen = frozen;
  if (frozen) return false;
  const isOver = hour > baseline.latestHour;
  if (isOver) turnTo(baseline, kind, hour);
  const at = (hour % HOURS) * 2;
  baseline.hours[at] = (baseline.hours[at] ?? 0) + failures;
  baseline.hours[at + 1] = (baseline.hours[at + 1] ?? 0) + tokens;
  return isOver;
}

export function keptBaseline({ latestHour, hours, usual }: Baseline): KeptBaseline {
  const kept: [number, number][] = [];
  for (let hour = latestHour - HOURS + 1; hour <= latestHour; hour += 1) {
    const at = place(hour);
    kept.push([Math.round(hours[at] ?? 0), Math.round(hours[at + 1] ?? 0)]);
  }
  return { latestHour, hours: kept, usual };
}

export function restoredBaseline(kept: KeptBaseline): Baseline {
  const hours = new Float64Array(HOURS * 2);
  for (const [index, [failures, tokens]] of kept.hours.slice(-HOURS).entries()) {
    const at = place(kept.latestHour - Math.min(HOURS, kept.hours.length) + 1 + index);
    hours[at] = failures;
    hours[at + 1] = tokens;
  }
  return { latestHour: kept.latestHour, hours, usual: kept.usual, frozen: false };
}

function turnTo(baseline: Baseline, kind: SeriesKind, hour: number): void {
  let failures = 0;
  let tokens = 0;
  for (let at = 0; at < HOURS * 2; at += 2) {
    failures += baseline.hours[at] ?? 0;
    tokens += baseline.hours[at + 1] ?? 0;
  }
  // Without a token in a day, what was usual before is still the best that is known.
  if (tokens > 0) {
    baseline.usual = Math.max(kind.usualMin, failures / Math.max(tokens, TOKENS_MIN));
  }
  const from = Math.max(baseline.latestHour + 1, hour - HOURS + 1);
  for (let gone = from; gone <= hour; gone += 1) {
    baseline.hours[place(gone)] = 0;
    baseline.hours[place(gone) + 1] = 0;
  }
  baseline.latestHour = hour;
}

function place(hour: number): number {
  return (((hour % HOURS) + HOURS) % HOURS) * 2;
}
