import type { RotationHistoryView } from '../../../api/schemas/history.ts';
import { fresh } from '../../live/live.ts';
import { shortText } from '../../ui/visible-text.ts';
import type { TimeScale } from './timeline-scale.ts';

export const STRIP_PX = 17;

const THICK_PX = 11;
const THIN_PX = 3;

type Gates = RotationHistoryView['gates'];
type Span = Gates[number]['spans'][number];

/** What each gate said over time: thick where it was open, thin where closed, hatched where unknown. */
export function GateStrips({
  gates,
  scale,
  topPx,
  untilMs,
}: {
  readonly gates: Gates;
  readonly scale: TimeScale;
  readonly topPx: number;
  /** Where what still holds ends. */
  readonly untilMs: number;
}) {
  // Old news has no colour of its own, here as little as anywhere.
  const look = fresh.value.kind === 'live' ? '' : ' old';
  return (
    <>
      {gates.map(({ gate, spans }, at) => {
        const top = topPx + at * STRIP_PX;
        return (
          <g key={gate} class={`gate-strip${look}`}>
            {spans.map((span) => (
              <Strip key={span.from_at} span={span} scale={scale} topPx={top} untilMs={untilMs} />
            ))}
            <text x={2} y={top + THICK_PX - 1} class="strip-name">
              {gate}
            </text>
          </g>
        );
      })}
    </>
  );
}

function Strip({
  span,
  scale,
  topPx,
  untilMs,
}: {
  readonly span: Span;
  readonly scale: TimeScale;
  readonly topPx: number;
  readonly untilMs: number;
}) {
  const fromMs = Math.max(scale.fromMs, Date.parse(span.from_at));
  const from = scale.x(Math.min(untilMs, fromMs));
  const to = scale.x(Math.min(untilMs, span.to_at === null ? untilMs : Date.parse(span.to_at)));
  if (to <= from) return null;
  const thick = span.status === 'closed' ? THIN_PX : THICK_PX;
  const shape = {
    x: from,
    y: topPx + THICK_PX - thick,
    width: Math.max(1, to - from),
    height: thick,
  };
  return (
    <g class={`strip-span ${span.status}`}>
      <rect {...shape} />
      {span.status === 'unknown' ? <rect {...shape} fill="url(#to-come)" class="over" /> : null}
      <title>
        {span.status} from {span.from_at.slice(11, 19)}
        {span.to_at === null ? '' : ` to ${span.to_at.slice(11, 19)}`}
        {span.reason === '' ? '' : `: ${shortText(span.reason, 200)}`}
      </title>
    </g>
  );
}
