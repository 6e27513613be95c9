/** One fleet size's figures. */
export interface BenchRow {
  readonly size: number;
  readonly reportsPerSecond: number;
  readonly commitMsP99: number;
  readonly gateReadsPerSecond: number;
  readonly laggingReadsPerSecond: number;
  /** One pass of every alert rule over a calm fleet: the median. */
  readonly alertRulesMs: number;
  /** One look of history after a tenth of the fleet has reported: the median. */
  readonly historyLookMs: number;
}

/** The figures as a table, rates also relative to the first size. */
export function table(rows: readonly BenchRow[]): string {
  const [first] = rows;
  const relative = (value: number, base: number | undefined): string =>
    base === undefined ? '' : ` (${(value / base).toFixed(2)}×)`;
  const lines = [
    [
      'verifiers',
      'reports/s',
      'turn p99',
      'gate reads/s',
      '… with 1 % lagging',
      'alert rules',
      'history',
    ],
    ...rows.map((row) => [
      row.size.toLocaleString('en'),
      whole(row.reportsPerSecond) + relative(row.reportsPerSecond, first?.reportsPerSecond),
      `${row.commitMsP99.toFixed(1)} ms`,
      whole(row.gateReadsPerSecond) + relative(row.gateReadsPerSecond, first?.gateReadsPerSecond),
      whole(row.laggingReadsPerSecond) +
        relative(row.laggingReadsPerSecond, first?.laggingReadsPerSecond),
      `${row.alertRulesMs.toFixed(3)} ms`,
      `${row.historyLookMs.toFixed(2)} ms`,
    ]),
  ];
  const widths = lines[0]?.map((_, at) =>
    Math.max(...lines.map((line) => (line[at] ?? '').length)),
  );
  return lines
    .map((line) => line.map((cell, at) => cell.padStart(widths?.[at] ?? 0)).join('  '))
    .join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
