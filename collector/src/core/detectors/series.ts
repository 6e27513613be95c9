import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { type Baseline, type KeptBaseline, learn } from './baseline.ts';
import {
  type Excursion,
  fire,
  forgetOld,
  move,
  noteReason,
  restingExcursion,
} from './excursion.ts';
import { rateToFind, type SeriesKind } from './parameters.ts';

/** Where a series stands: over an issuer, one kind of its kids, one service or one verifier. */
export type Tier = 'issuer' | 'bucket' | 'service' | 'verifier';

/**
 * Failures among tokens, watched by a CUSUM of their likelihood at a raised rate against the usual one
 * (Page 1954). At rest it costs its numbers and nothing else.
 */
export interface Series extends Excursion {
  readonly kind: SeriesKind;
  readonly issuer: string;
  readonly tier: Tier;
  /** Bucket, service or verifier key; empty for an issuer. */
  readonly name: string;
  /** Null: it goes by the usual rate of the series above it. */
  readonly baseline: Baseline | null;
  /** What it is part of. */
  readonly above: Series | null;
  binFailures: number;
  binTokens: number;
  /** The baseline as it goes on record; null: to be made anew. */
  keptBaseline: KeptBaseline | null;
  /** It has something in the bin that is open. */
  isOpen: boolean;
}

export function createSeries(
  id: string,
  kind: SeriesKind,
  where: Pick<Series, 'issuer' | 'tier' | 'name' | 'baseline' | 'above'>,
  calmForMs: number,
): Series {
  return {
    ...restingExcursion(id, calmForMs),
    kind,
    ...where,
    keptBaseline: null,
    binFailures: 0,
    binTokens: 0,
    isOpen: false,
  };
}

/** The rate that is usual for it. */
export function usualOf(series: Series): number {
  return series.baseline?.usual ?? series.above?.baseline?.usual ?? series.kind.usualMin;
}

/** The time a report counts over. */
export interface Span {
  /** The moment the report before spoke of; null: there is none of this process. */
  readonly sinceMs: number | null;
  readonly untilMs: number;
  /** What took longer comes late. */
  readonly leaseMs: number;
}

/**
 * Adds what a report counted to the open bin. Of a report over a time in which the series was last
 * resolved, only the part after that counts, and of one that comes late nothing: nobody knows where in
 * it the failures lie, and they do not open again what is over.
 */
export function addToBin(
  series: Series,
  failures: number,
  tokens: number,
  reasons: readonly (readonly [Outcome, number])[],
  span: Span,
): void {
  const share = shareAfter(resolvedAtMs(series), span);
  if (share < 1) {
    series.binFailures += Math.round(failures * share);
    series.binTokens += Math.round(tokens * share);
  } else {
    series.binFailures += failures;
    series.binTokens += tokens;
  }
  if (failures > 0) for (const [outcome, times] of reasons) noteReason(series, outcome, times);
}

/** How the score of the open bin stands, as it goes on record. */
export function scoreNow(series: Series): number {
  return Math.max(0, series.score + stepOf(series, series.binFailures, series.binTokens));
}

/** Ends the open bin. Gives whether an hour of the baseline ended with it. */
export function closeBin(
  series: Series,
  h: number,
  nowMs: number,
  inRotation: boolean,
  rotationId: string | null,
): boolean {
  const { binFailures: failures, binTokens: tokens } = series;
  series.binFailures = 0;
  series.binTokens = 0;
  series.isOpen = false;
  series.keptBaseline = null;
  const frozen = inRotation || series.firing !== null;
  const isHour =
    series.baseline !== null &&
    learn(series.baseline, series.kind, failures, tokens, nowMs, frozen);
  forgetOld(series, nowMs);
  if (failures === 0 && series.score === 0 && series.firing === null) {
    series.reasons = null;
    return isHour;
  }
  move(series, stepOf(series, failures, tokens), 2 * h, { failures, tokens }, nowMs);
  const isDue = series.score >= h && series.failures >= series.kind.failuresMin;
  if (isDue && series.firing === null) fire(series, rotationId, nowMs);
  return isHour;
}

/** A rate below this over `calmForMs` is calm. */
export function clearRateOf(series: Series): number {
  return rateToFind(series.kind, usualOf(series)) / 2;
}

/** x ln(p1/p0) − n (p1 − p0) */
function stepOf(series: Series, failures: number, tokens: number): number {
  const usual = usualOf(series);
  const sought = rateToFind(series.kind, usual);
  return failures * Math.log(sought / usual) - tokens * (sought - usual);
}

/** When it was last over, alone or with what it is part of. */
function resolvedAtMs(series: Series): number | null {
  let latestMs = series.resolvedAtMs;
  for (let { above } = series; above !== null; { above } = above) {
    if (above.resolvedAtMs !== null) latestMs = Math.max(latestMs ?? 0, above.resolvedAtMs);
  }
  return latestMs;
}

function shareAfter(resolvedAtMs: number | null, { sinceMs, untilMs, leaseMs }: Span): number {
  if (resolvedAtMs === null || sinceMs === null || sinceMs >= resolvedAtMs) return 1;
  if (untilMs <= resolvedAtMs || untilMs - sinceMs > leaseMs) return 0;
  return (untilMs - resolvedAtMs) / (untilMs - sinceMs);
}
