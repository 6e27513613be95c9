import type {
  DetectorHistoryView,
  RotationHistoryView,
  TokenHistoryView,
} from '../../../api/schemas/history.ts';
import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { RangeBar } from '../../charts/range-bar.tsx';
import type { TimeChartProps } from '../../charts/time-chart.tsx';
import { boundsOf, draggedRange, presetOf, rangeOf, rangeQuery } from '../../charts/time-range.ts';
import { type HistoryAsked, useHistory } from '../../charts/use-history.ts';
import { nowInSteps } from '../../live/live.ts';
import { query, setQuery } from '../../navigation.ts';
import { Card } from '../../ui/card.tsx';
import { ControlChart } from './control-chart.tsx';
import { DetectorChart, FailureChart } from './failure-charts.tsx';
import { detectorColumns, rotationColumns, tokenColumns } from './history-columns.ts';
import { TrafficChart } from './traffic-chart.tsx';

/** The end of what is shown moves on in steps, so that charts are not drawn with every tick. */
const endMs = nowInSteps(5_000);

/** A little of what was before, so that a change can be seen. */
const BEFORE_MS = 60_000;

/** What verifiers met over time: which key signs, what fails, and whether it is the new key. */
export function RotationCharts({ detail }: { readonly detail: RotationDetailView }) {
  const { rotation } = detail;
  const now = endMs.value;
  const whole = {
    sinceMs: Date.parse(rotation.started_at) - BEFORE_MS,
    untilMs: rotation.ended_at === null ? null : Date.parse(rotation.ended_at) + BEFORE_MS,
  };
  const otherwise = presetOf(whole, now);
  const range = rangeOf(query.value, otherwise);
  const bounds = boundsOf(range, whole, now);
  const isFixed = range.kind === 'fixed' || whole.untilMs !== null;
  const asked: Omit<HistoryAsked<never>, 'path' | 'read'> = {
    ...bounds,
    rangeKey: JSON.stringify(range),
    way: isFixed ? 'fixed' : 'follow',
  };
  const issuer = `issuer=${encodeURIComponent(rotation.issuer)}&`;
  const tokens = useHistory<TokenHistoryView>({
    ...asked,
    path: `/v1/history/tokens?${issuer}`,
    read: tokenColumns,
  });
  const detectors = useHistory<DetectorHistoryView>({
    ...asked,
    path: `/v1/history/detectors?${issuer}`,
    read: detectorColumns,
  });
  const compared = useHistory<RotationHistoryView>({
    ...asked,
    path: `/v1/history/rotations/${encodeURIComponent(rotation.id)}?`,
    read: rotationColumns,
  });
  const frame: ChartFrame = {
    ...bounds,
    onZoom: (fromMs, toMs) => {
      const dragged = draggedRange(fromMs, toMs);
      if (dragged !== undefined) setQuery(rangeQuery(dragged, otherwise));
    },
  };
  return (
    <Card title="What verifiers meet">
      <RangeBar range={range} otherwise={otherwise} {...bounds} />
      <div class="charts">
        <TrafficChart history={tokens} frame={frame} rotation={rotation} />
        <FailureChart history={tokens} frame={frame} />
        <DetectorChart history={detectors} frame={frame} />
        <ControlChart history={compared} frame={frame} rotation={rotation} />
      </div>
    </Card>
  );
}

/** What all charts of the page have in common. */
export type ChartFrame = Pick<TimeChartProps, 'fromMs' | 'toMs' | 'onZoom'>;
