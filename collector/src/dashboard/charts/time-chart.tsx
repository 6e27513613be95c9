import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useMedia } from '../ui/use-media.ts';
import { useWidth } from '../ui/use-width.ts';
import { amountText } from './amount.ts';
import { type Columns, isBlank, latestOf, settledCount } from './columns.ts';
import { ChartTable } from './chart-table.tsx';
import type { Line, Plot, PlotData } from './plot.ts';
import { tickText } from './tick-text.ts';

export interface TimeChartProps {
  /** What it answers. */
  readonly title: string;
  /** `per second`, `%`. */
  readonly unit: string;
  /** Null: nothing has come yet. */
  readonly columns: Columns | null;
  readonly isFailed: boolean;
  readonly lines: readonly Line[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  readonly topAtLeast?: number;
  /** Stands between heading and drawing: the answer in words. */
  readonly children?: ComponentChildren;
}

/** Lines over time, with a legend in words and numbers, and a table of the same. */
export function TimeChart(props: TimeChartProps) {
  const { title, unit, columns, isFailed, lines, fromMs, toMs, children } = props;
  const id = useId();
  const [point, setPoint] = useState<number | null>(null);
  const isEmpty = columns !== null && lines.every(({ values }) => isBlank(values));
  return (
    <figure class="chart" aria-labelledby={id}>
      <h3 id={id}>
        {title} <span class="soft unit">{unit}</span>
      </h3>
      {children}
      {isFailed ? (
        <p class="hatched chart-note" role="status">
          Could not be read just now; the latest may be missing.
        </p>
      ) : null}
      {columns === null ? (
        isFailed ? null : (
          <p class="empty">Loading…</p>
        )
      ) : isEmpty ? (
        <p class="hatched chart-note">Nothing was recorded in this time.</p>
      ) : (
        <>
          <Legend lines={lines} point={point} columns={columns} spanMs={toMs - fromMs} />
          <Drawing {...props} columns={columns} setPoint={setPoint} />
          <ChartTable title={title} unit={unit} at={columns.at} lines={lines} />
        </>
      )}
    </figure>
  );
}

/** What the lines are; under the cursor, what they were then, else what they are last. */
function Legend({
  lines,
  point,
  columns,
  spanMs,
}: {
  readonly lines: readonly Line[];
  readonly point: number | null;
  readonly columns: Columns;
  readonly spanMs: number;
}) {
  const { at } = columns;
  const settled = settledCount(columns);
  const atS = point === null ? undefined : at[point];
  return (
    <ul class="chart-legend">
      {lines.map(({ label, values, color, dash }) => {
        const value = point === null ? latestOf(values.slice(0, settled)) : (values[point] ?? null);
        return (
          <li key={label}>
            <svg width="26" height="10" aria-hidden="true" style={{ color: `var(${color})` }}>
              <line x1="0" x2="26" y1="5" y2="5" stroke-dasharray={dash?.join(' ')} />
            </svg>
            {label} <strong>{value === null ? 'no data' : amountText(value)}</strong>
          </li>
        );
      })}
      <li class="soft" aria-hidden="true">
        {atS === undefined
          ? lastWord(columns, settled)
          : `at ${tickText(atS * 1_000, Math.min(spanMs, 500_000))} UTC`}
      </li>
    </ul>
  );
}

/** The last that will not change any more. */
function lastWord({ at }: Columns, settled: number): string {
  const lastS = at[settled - 1];
  const word =
    lastS === undefined ? 'reports still come in' : `last at ${tickText(lastS * 1_000, 0)} UTC`;
  return settled < at.length ? `${word}; hatched: reports still come in` : word;
}

function Drawing({
  title,
  columns,
  lines,
  fromMs,
  toMs,
  topAtLeast = 0,
  onZoom,
  setPoint,
}: Omit<TimeChartProps, 'columns'> & {
  readonly columns: Columns;
  readonly setPoint: (index: number | null) => void;
}) {
  const { ref, widthPx } = useWidth<HTMLDivElement>();
  const plot = useRef<Plot | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const isDark = useMedia('(prefers-color-scheme: dark)');
  const data: PlotData = {
    settledS: columns.settledS,
    at: columns.at,
    lines,
    fromS: fromMs / 1_000,
    toS: toMs / 1_000,
    topAtLeast,
  };
  const latest = useRef({ data, onZoom, widthPx });
  latest.current = { data, onZoom, widthPx };
  const hasWidth = widthPx > 0;
  // Colours and kinds of lines are set when it is made.
  const kind = lines.map(({ label, color }) => `${label} ${color}`).join('\n');
  useEffect(() => {
    const into = ref.current;
    if (into === null || !hasWidth) return undefined;
    let isGone = false;
    import('./plot.ts').then(
      ({ drawPlot }) => {
        if (isGone) return;
        plot.current = drawPlot(into, latest.current.widthPx, latest.current.data, {
          onZoom: (from, to) => latest.current.onZoom(from, to),
          onPoint: setPoint,
        });
      },
      // The collector is away, or serves another dashboard by now.
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [hasWidth, isDark, kind]);
  useEffect(() => plot.current?.resize(widthPx), [widthPx]);
  useEffect(() => plot.current?.show(data), [columns, lines, fromMs, toMs]);
  if (hasFailed) {
    return (
      <p class="empty" role="status">
        The drawing could not be loaded; load the page again. The table has the numbers.
      </p>
    );
  }
  return (
    <div
      ref={ref}
      class="plot"
      role="img"
      aria-label={`${title}: drawing; the table has the numbers`}
    />
  );
}
