import { useMemo } from 'preact/hooks';
import type { TokenHistoryView } from '../../../api/schemas/history.ts';
import type { RotationView } from '../../../api/schemas/rotation.ts';
import { isBlank } from '../../charts/columns.ts';
import type { Line } from '../../charts/plot.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import type { History } from '../../charts/use-history.ts';
import { acceptedByKey } from './history-columns.ts';
import type { ChartFrame } from './rotation-charts.tsx';

/** The old key drains while the new one rises. */
export function TrafficChart({
  history: { columns, isFailed },
  frame,
  rotation: { old_key: old, new_key: next },
}: {
  readonly history: History<TokenHistoryView>;
  readonly frame: ChartFrame;
  readonly rotation: RotationView;
}) {
  const lines = useMemo((): readonly Line[] => {
    if (columns === null) return [];
    const by = acceptedByKey(columns, old.kid, next.kid);
    return [
      { label: 'new key', values: by.next, color: '--new-key', isFilled: true },
      { label: 'old key', values: by.old, color: '--old-key', dash: [8, 4] },
      ...(isBlank(by.others)
        ? []
        : [{ label: 'others', values: by.others, color: '--soft', dash: [2, 3], width: 1 }]),
    ];
  }, [columns, old.kid, next.kid]);
  return (
    <TimeChart
      title="Which key are accepted tokens signed with?"
      unit="accepted per second"
      columns={columns}
      isFailed={isFailed}
      lines={lines}
      {...frame}
    />
  );
}
