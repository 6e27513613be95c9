import type { Write } from '../writes.ts';
import { keptBaseline } from './baseline.ts';
import type { Comparison } from './comparison.ts';
import type { Excursion } from './excursion.ts';
import { scoreNow, type Series } from './series.ts';
import { type SeriesRecord, seriesRecord } from './series-record.ts';

/** A score on record may be this much above the real one: good tokens alone are not worth a write. */
const SLACK = 1;

/** How long the moment of a resolution is kept for what comes late. */
export const RESOLVED_KEPT_MS = 3_600_000;

/** Writes a series as it stands, with what is in its open bin. */
export function keepSeries(series: Series, nowMs: number, writes: Write[]): void {
  writes.push({ kind: 'series', record: recordOf(series, nowMs) });
}

/** After a bin: writes a series if a restart would miss something that matters. */
export function keepIfMoved(series: Series, nowMs: number, writes: Write[]): void {
  const { writtenScore: before, score } = series;
  if (
    before === null ? score === 0 : Math.abs(before - score) < SLACK && (score > 0 || before === 0)
  ) {
    return;
  }
  if (isForgettable(series, nowMs)) dropSeries(series, nowMs, writes);
  else keepSeries(series, nowMs, writes);
}

export function keepComparison(comparison: Comparison, nowMs: number, writes: Write[]): void {
  const record = seriesRecord(
    comparison,
    { score: comparison.score, failures: 0, tokens: 0 },
    null,
    nowMs,
  );
  comparison.writtenScore = comparison.score;
  writes.push({ kind: 'series', record });
}

export function dropSeries(excursion: Series | Comparison, nowMs: number, writes: Write[]): void {
  const record = seriesRecord(excursion, { score: 0, failures: 0, tokens: 0 }, null, nowMs);
  excursion.writtenScore = null;
  writes.push({ kind: 'series_removed', record });
}

/** A series that goes by another's baseline and has nothing to remember. */
export function isForgettable(series: Series, nowMs: number): boolean {
  return series.baseline === null && !series.isOpen && isForgotten(series, nowMs);
}

function isForgotten({ score, firing, resolvedAtMs }: Excursion, nowMs: number): boolean {
  const isLong = resolvedAtMs === null || nowMs - resolvedAtMs > RESOLVED_KEPT_MS;
  return score === 0 && firing === null && isLong;
}

function recordOf(series: Series, nowMs: number): SeriesRecord {
  const score = scoreNow(series);
  series.writtenScore = score;
  const open = { score, failures: series.binFailures, tokens: series.binTokens };
  if (series.baseline !== null) series.keptBaseline ??= keptBaseline(series.baseline);
  return seriesRecord(series, open, series.keptBaseline, nowMs);
}
