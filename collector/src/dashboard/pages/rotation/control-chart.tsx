import { useMemo } from 'preact/hooks';
import type { RotationHistoryView } from '../../../api/schemas/history.ts';
import type { RotationView } from '../../../api/schemas/rotation.ts';
import { amountText } from '../../charts/amount.ts';
import { percentOf } from '../../charts/columns.ts';
import type { Line } from '../../charts/plot.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import type { History } from '../../charts/use-history.ts';
import { Name } from '../../ui/name.tsx';
import { type Arm, armOf, columnOf, comparedSentence } from './history-columns.ts';
import type { ChartFrame } from './rotation-charts.tsx';

/** New key against old at the same moment: what fails for one alone is the key. */
export function ControlChart({
  history: { columns, isFailed },
  frame,
  rotation,
}: {
  readonly history: History<RotationHistoryView>;
  readonly frame: ChartFrame;
  readonly rotation: RotationView;
}) {
  const lines = useMemo((): readonly Line[] => {
    if (columns === null) return [];
    const share = (which: string) =>
      percentOf(columnOf(columns, `${which} failures`), columnOf(columns, `${which} tokens`));
    return [
      { label: 'new key refused', values: share('new'), color: '--new-key' },
      { label: 'old key refused', values: share('old'), color: '--old-key', dash: [8, 4] },
    ];
  }, [columns]);
  const arms =
    columns === null ? null : { next: armOf(columns, 'new'), old: armOf(columns, 'old') };
  return (
    <TimeChart
      title="Does the new key fail more than the old one?"
      unit="% refused of its tokens, expired ones apart"
      columns={columns}
      isFailed={isFailed}
      lines={lines}
      topAtLeast={5}
      {...frame}
    >
      {arms === null ? null : (
        <>
          <p class="answer">{comparedSentence(arms.next, arms.old)}</p>
          <ul class="fact-line small">
            <li>
              <Name text={rotation.new_key.kid} charsMax={32} />: {armWords(arms.next)}
            </li>
            <li>
              <Name text={rotation.old_key.kid} charsMax={32} />: {armWords(arms.old)}
            </li>
          </ul>
        </>
      )}
    </TimeChart>
  );
}

function armWords({ tokens, failures, percent }: Arm): string {
  if (percent === null) return 'no tokens in this time';
  return `${amountText(failures)} of ${amountText(tokens)} tokens refused (${amountText(percent)} %)`;
}
