import { useMemo } from 'preact/hooks';
import type { DetectorHistoryView, TokenHistoryView } from '../../../api/schemas/history.ts';
import { isBlank, latestOf } from '../../charts/columns.ts';
import type { Line } from '../../charts/plot.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import type { History } from '../../charts/use-history.ts';
import { columnOf, failuresByReason } from './history-columns.ts';
import type { ChartFrame } from './rotation-charts.tsx';

/** Told apart by their dashes as well. */
const LOOKS: readonly Pick<Line, 'color' | 'dash'>[] = [
  { color: '--closed' },
  { color: '--aborted', dash: [8, 4] },
  { color: '--warning', dash: [2, 3] },
  { color: '--link', dash: [12, 3, 2, 3] },
];

/** Reasons drawn; what is beyond is rare, and in the table of alerts. */
const REASONS_MAX = LOOKS.length;

/** Failures that a key can cause, by reason. */
export function FailureChart({
  history: { columns, isFailed },
  frame,
}: {
  readonly history: History<TokenHistoryView>;
  readonly frame: ChartFrame;
}) {
  const lines = useMemo((): readonly Line[] => {
    if (columns === null) return [];
    const found = failuresByReason(columns);
    if (found.length === 0) {
      const values = columnOf(columns, 'reporting').map((n) => ((n ?? 0) > 0 ? 0 : null));
      return [{ label: 'no failure of this kind', values, color: '--soft' }];
    }
    return found.slice(0, REASONS_MAX).map(({ outcome, values }, at) => ({
      label: outcome.replaceAll('_', ' '),
      values,
      ...(LOOKS[at] ?? { color: '--soft' }),
    }));
  }, [columns]);
  return (
    <TimeChart
      title="Is anything breaking that a key can cause?"
      unit="refused per second, by reason"
      columns={columns}
      isFailed={isFailed}
      lines={lines}
      {...frame}
    />
  );
}

/** How near the detector is to firing. */
export function DetectorChart({
  history: { columns, isFailed },
  frame,
}: {
  readonly history: History<DetectorHistoryView>;
  readonly frame: ChartFrame;
}) {
  const lines = useMemo((): readonly Line[] => {
    if (columns === null) return [];
    const next = columnOf(columns, 'next score');
    return [
      { label: 'score, all keys', values: columnOf(columns, 'all score'), color: '--closed' },
      ...(isBlank(next)
        ? []
        : [{ label: 'score, next key', values: next, color: '--new-key', dash: [8, 4] }]),
      {
        label: 'threshold',
        values: columnOf(columns, 'all threshold'),
        color: '--ink',
        dash: [3, 3],
        width: 1.5,
      },
    ];
  }, [columns]);
  const threshold = latestOf(lines.at(-1)?.values ?? []) ?? 0;
  return (
    <TimeChart
      title="How near is an alert?"
      unit="score against the threshold at which it fires"
      columns={columns}
      isFailed={isFailed}
      lines={lines}
      topAtLeast={threshold}
      {...frame}
    />
  );
}
