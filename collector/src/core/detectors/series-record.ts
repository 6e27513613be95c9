/** What a detector knows of one series, kept over restarts. Times: Unix ms, collector's clock. */
export interface SeriesRecord {
  /** Which detector and series: canonical text. */
  readonly id: string;
  /** The statistic S. */
  readonly score: number;
  /** Failures counted since S last left zero. */
  readonly failures: number;
  readonly updatedAtMs: number;
}
