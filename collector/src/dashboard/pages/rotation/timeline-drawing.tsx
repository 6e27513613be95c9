import type { RotationHistoryView } from '../../../api/schemas/history.ts';
import { tickText } from '../../charts/tick-text.ts';
import { GateStrips, STRIP_PX } from './gate-strips.tsx';
import { type Known, PropagationLayer } from './propagation-layer.tsx';
import type { Mark, Span } from './timeline-moments.ts';
import { roundMoments, stagger, timeScale, type TimeScale } from './timeline-scale.ts';

const LANE_PX = 30;
const CURVE_PX = 64;
const LANE_GAP_PX = 10;
const LABEL_PX = 18;
const MARK_PX = 22;
const MARK_ROWS = 3;
const AXIS_PX = 22;
const CHAR_PX = 6.6;

/** Room that the word beside the line of now, and the scale of the curve, take. */
const NOW_LABEL_PX = 90;

/** Both keys as lanes over time. The list beside it says the same in words. */
export function TimelineDrawing({
  marks,
  spans,
  nowMs,
  widthPx,
  known,
  gates,
}: {
  readonly marks: readonly Mark[];
  readonly spans: readonly Span[];
  /** Null: the rotation has ended, and nothing is to come. */
  readonly nowMs: number | null;
  readonly widthPx: number;
  /** Null: it could not be read yet. */
  readonly known: Known | null;
  readonly gates: RotationHistoryView['gates'];
}) {
  // What has happened stands left of now, however far ahead the clock ran that told of it.
  const drawnMs = marks.map(({ atMs, isAhead }) =>
    isAhead || nowMs === null ? atMs : Math.min(atMs, nowMs),
  );
  const moments = [
    ...drawnMs,
    ...spans.flatMap(({ fromMs, toMs }) => (toMs === null ? [fromMs] : [fromMs, toMs])),
  ];
  const scale = timeScale(moments, nowMs, widthPx);
  const xs = drawnMs.map((atMs) => scale.x(atMs));
  const rows = stagger(xs, MARK_PX, MARK_ROWS);
  const lanesTop = known === null ? 0 : LABEL_PX + CURVE_PX + LANE_GAP_PX;
  const marksTop = lanesTop + 2 * (LABEL_PX + LANE_PX + LANE_GAP_PX);
  const rowsUsed = Math.max(1, ...rows.map((row) => row + 1));
  const stripsTop = marksTop + rowsUsed * MARK_PX + 10;
  const axisTop = stripsTop + gates.length * STRIP_PX + 2;
  const height = axisTop + AXIS_PX;
  const isNowAtEnd = scale.nowX !== null && scale.nowX > widthPx - NOW_LABEL_PX;
  return (
    <>
      <svg
        class="timeline-drawing"
        width={widthPx}
        height={height}
        viewBox={`0 0 ${widthPx} ${height}`}
        role="img"
        aria-label="Both keys over time; the list that follows says the same"
      >
        <Hatching />
        {known === null ? null : (
          <PropagationLayer
            known={known}
            scale={scale}
            topPx={LABEL_PX}
            heightPx={CURVE_PX}
            widthPx={widthPx}
          />
        )}
        {(['new', 'old'] as const).map((key, lane) => (
          <Lane
            key={key}
            name={key}
            spans={spans.filter((span) => span.key === key)}
            scale={scale}
            nowMs={nowMs}
            top={lanesTop + lane * (LABEL_PX + LANE_PX + LANE_GAP_PX)}
            widthPx={widthPx}
          />
        ))}
        {marks.map((mark, at) => {
          const x = xs[at] ?? 0;
          const y = marksTop + (rows[at] ?? 0) * MARK_PX + MARK_PX / 2;
          return (
            <g key={mark.id} class={`mark ${mark.key}${mark.isAhead ? ' ahead' : ''}`}>
              <line
                x1={x}
                x2={x}
                y1={
                  lanesTop + LABEL_PX + (mark.key === 'old' ? LABEL_PX + LANE_PX + LANE_GAP_PX : 0)
                }
                y2={y - 9}
              />
              <circle cx={x} cy={y} r={9} />
              <text x={x} y={y + 4} text-anchor="middle">
                {at + 1}
              </text>
            </g>
          );
        })}
        <GateStrips gates={gates} scale={scale} topPx={stripsTop} untilMs={nowMs ?? scale.toMs} />
        <Axis scale={scale} nowMs={nowMs} top={axisTop} widthPx={widthPx} />
        {scale.nowX === null || nowMs === null ? null : (
          <g class="now-line">
            <line x1={scale.nowX} x2={scale.nowX} y1={0} y2={axisTop} />
            <text
              x={scale.nowX + (isNowAtEnd ? -5 : 5)}
              y={11}
              text-anchor={isNowAtEnd ? 'end' : 'start'}
            >
              now
            </text>
          </g>
        )}
      </svg>
      <p class="soft small">
        {gates.length === 0
          ? ''
          : 'Gates: thick where open, thin where closed, hatched where unknown. '}
        {scale.isSplit ? 'Left of “now” and right of it are drawn at different scales.' : ''}
      </p>
    </>
  );
}

function Lane({
  name,
  spans,
  scale,
  nowMs,
  top,
  widthPx,
}: {
  readonly name: 'old' | 'new';
  readonly spans: readonly Span[];
  readonly scale: TimeScale;
  readonly nowMs: number | null;
  readonly top: number;
  readonly widthPx: number;
}) {
  return (
    <g class={`life-lane ${name}`}>
      <text x={2} y={top + 12} class="lane-name">
        {name} key
      </text>
      <rect x={0} y={top + LABEL_PX} width={widthPx} height={LANE_PX} class="lane-ground" />
      {spans.map((span) => (
        <Bar
          key={span.id}
          span={span}
          scale={scale}
          nowMs={nowMs}
          top={top + LABEL_PX}
          widthPx={widthPx}
        />
      ))}
    </g>
  );
}

function Bar({
  span,
  scale,
  nowMs,
  top,
  widthPx,
}: {
  readonly span: Span;
  readonly scale: TimeScale;
  readonly nowMs: number | null;
  readonly top: number;
  readonly widthPx: number;
}) {
  const from = scale.x(span.fromMs);
  const to = span.toMs === null ? widthPx : scale.x(span.toMs);
  const width = Math.max(1, to - from);
  // What is to come is hatched; what has no known end is hatched as a whole.
  const aheadFrom =
    span.toMs === null && nowMs !== null
      ? from
      : nowMs === null || scale.nowX === null
        ? to
        : Math.max(from, Math.min(to, scale.nowX));
  const label = fitted(span.label, width);
  return (
    <g class={`life-bar ${span.id}`}>
      <rect x={from} y={top} width={width} height={LANE_PX} class="fill" />
      {to - aheadFrom > 1 ? (
        <rect
          x={aheadFrom}
          y={top}
          width={to - aheadFrom}
          height={LANE_PX}
          class="ahead"
          fill="url(#to-come)"
        />
      ) : null}
      {label === '' ? null : (
        <text x={from + 7} y={top + LANE_PX / 2 + 4}>
          {label}
        </text>
      )}
      <title>{span.label}</title>
    </g>
  );
}

function Axis({
  scale,
  nowMs,
  top,
  widthPx,
}: {
  readonly scale: TimeScale;
  readonly nowMs: number | null;
  readonly top: number;
  readonly widthPx: number;
}) {
  const parts =
    scale.nowX === null || nowMs === null || !scale.isSplit
      ? [{ fromMs: scale.fromMs, toMs: scale.toMs, px: widthPx }]
      : [
          { fromMs: scale.fromMs, toMs: nowMs, px: scale.nowX },
          { fromMs: nowMs, toMs: scale.toMs, px: widthPx - scale.nowX },
        ];
  const ticks = parts.flatMap(({ fromMs, toMs, px }) =>
    roundMoments(fromMs, toMs, Math.max(1, Math.floor(px / 90))).map((ms) => ({
      ms,
      text: tickText(ms, toMs - fromMs),
    })),
  );
  return (
    <g class="axis">
      <line x1={0} x2={widthPx} y1={top} y2={top} />
      {ticks.map(({ ms, text }) => {
        const x = scale.x(ms);
        return (
          <g key={ms}>
            <line x1={x} x2={x} y1={top} y2={top + 5} />
            <text
              x={Math.min(
                widthPx - (text.length * CHAR_PX) / 2,
                Math.max((text.length * CHAR_PX) / 2, x),
              )}
              y={top + 17}
              text-anchor="middle"
            >
              {text}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Hatching() {
  return (
    <defs>
      <pattern
        id="to-come"
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(-45)"
      >
        <rect width="6" height="6" class="hatch-ground" />
        <line x1="0" y1="0" x2="0" y2="6" class="hatch-line" />
      </pattern>
    </defs>
  );
}

/** As much of a text as fits; nothing where that would be hardly any. */
function fitted(text: string, widthPx: number): string {
  const room = Math.floor((widthPx - 12) / CHAR_PX);
  if (text.length <= room) return text;
  return room >= 8 ? `${text.slice(0, room - 1)}…` : '';
}
