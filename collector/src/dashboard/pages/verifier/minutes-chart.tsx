import type { VerifierHistoryView } from '../../../api/schemas/history.ts';
import type { Columns } from '../../charts/columns.ts';
import type { Line } from '../../charts/plot.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import type { HeardHistory } from './use-history.ts';

const MINUTE_S = 60;

/** A collector that has just started has little to show, and time enough to show it on. */
const SHORTEST_S = 600;

type Minutes = VerifierHistoryView['minutes'];

const NO_MINUTES: Minutes = { at: [], ok: [], attributable: [], other: [] };

/** What came of the tokens it met, minute by minute of the last hour. */
export function MinutesChart({ heard: { history, failed } }: { readonly heard: HeardHistory }) {
  const minutes = history?.minutes ?? NO_MINUTES;
  const toS = (minutes.at.at(-1) ?? 0) + MINUTE_S;
  const fromS = Math.min(minutes.at[0] ?? 0, toS - SHORTEST_S);
  return (
    <TimeChart
      title="What came of its tokens"
      unit="per minute"
      columns={history === undefined ? null : columnsOf(minutes)}
      isFailed={failed}
      lines={linesOf(minutes)}
      fromMs={fromS * 1_000}
      toMs={toS * 1_000}
      onZoom={() => undefined}
    />
  );
}

/** The present minute goes on, and is said all the same where there is no other. */
function columnsOf({ at }: Minutes): Columns {
  const presentS = at.at(-1) ?? 0;
  const settledS = at.length > 1 ? presentS : presentS + MINUTE_S;
  return { stepS: MINUTE_S, at, settledS, values: new Map() };
}

function linesOf({ ok, attributable, other }: Minutes): readonly Line[] {
  return [
    { label: 'accepted', values: ok, color: '--new-key', isFilled: true },
    { label: 'refused, as a key can cause', values: attributable, color: '--closed', width: 2 },
    { label: 'refused for other reasons', values: other, color: '--soft', dash: [4, 4] },
  ];
}
