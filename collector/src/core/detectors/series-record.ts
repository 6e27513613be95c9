import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { KeptBaseline } from './baseline.ts';
import type { Excursion } from './excursion.ts';
import { addRecent, emptyRecent } from './recent.ts';

/** What a detector knows of one series, kept over restarts. Times: Unix ms, collector's clock. */
export interface SeriesRecord {
  /** Which detector and series: canonical text. */
  readonly id: string;
  /** The statistic S. */
  readonly score: number;
  /** Failures and tokens counted since S last left zero, and when that was. */
  readonly failures: number;
  readonly tokens: number;
  readonly sinceMs: number;
  readonly rate: number;
  readonly calm: number;
  readonly reasons: Readonly<Partial<Record<Outcome, number>>>;
  readonly firing: {
    readonly atMs: number;
    readonly rotationId: string | null;
    readonly isOwn: boolean;
  } | null;
  readonly resolvedAtMs: number | null;
  /** Null: it goes by another series' usual rate. */
  readonly baseline: KeptBaseline | null;
  readonly updatedAtMs: number;
}

/** An excursion as it goes on record. `open`: what the bin that is not over adds. */
export function seriesRecord(
  excursion: Excursion,
  open: { readonly score: number; readonly failures: number; readonly tokens: number },
  baseline: KeptBaseline | null,
  nowMs: number,
): SeriesRecord {
  const { id, failures, tokens, sinceMs, reasons, firing, resolvedAtMs } = excursion;
  return {
    id,
    score: open.score,
    failures: failures + open.failures,
    tokens: tokens + open.tokens,
    sinceMs: sinceMs === 0 && open.score > 0 ? nowMs : sinceMs,
    rate: excursion.rate,
    calm: excursion.calm,
    reasons: Object.fromEntries(reasons ?? []),
    firing:
      firing === null
        ? null
        : { atMs: firing.atMs, rotationId: firing.rotationId, isOwn: firing.isOwn },
    resolvedAtMs,
    baseline,
    updatedAtMs: nowMs,
  };
}

/** Takes a record back into an excursion at rest. */
export function restoreExcursion(excursion: Excursion, record: SeriesRecord): void {
  excursion.score = record.score;
  excursion.failures = record.failures;
  excursion.tokens = record.tokens;
  excursion.sinceMs = record.sinceMs;
  excursion.rate = record.rate;
  excursion.calm = record.calm;
  const reasons = Object.entries(record.reasons) as [Outcome, number][];
  excursion.reasons = reasons.length > 0 ? new Map(reasons) : null;
  excursion.firing =
    record.firing === null
      ? null
      : { ...record.firing, coveredSinceMs: null, isUnknown: true, told: null };
  excursion.resolvedAtMs = record.resolvedAtMs;
  excursion.writtenScore = record.score;
  excursion.failedAtMs = record.updatedAtMs;
  if (record.firing !== null || record.score === 0) return;
  // What had not fired when it was written is all of the last minutes: it may be about to.
  excursion.recent = emptyRecent(excursion.calmForMs, record.updatedAtMs);
  addRecent(excursion.recent, record.failures, record.tokens, record.updatedAtMs);
}
