import { propagationCurve, yOf } from './propagation-curve.ts';
import type { Column } from '../../charts/columns.ts';
import type { TimeScale } from './timeline-scale.ts';

export interface Known {
  /** Unix seconds. */
  readonly at: readonly number[];
  /** Verifiers that know the new key, per cent. */
  readonly percent: Column;
  /** When all of them will, Unix ms; null: nobody can say. */
  readonly allByMs: number | null;
}

/** How the new key comes to the verifiers, over the lanes of the keys; dashed: as it should go on. */
export function PropagationLayer({
  known,
  scale,
  topPx,
  heightPx,
  widthPx,
}: {
  readonly known: Known;
  readonly scale: TimeScale;
  readonly topPx: number;
  readonly heightPx: number;
  readonly widthPx: number;
}) {
  const box = { topPx, heightPx };
  const { line, area, end } = propagationCurve(
    known.at,
    known.percent,
    (ms) => scale.x(Math.max(scale.fromMs, ms)),
    box,
  );
  return (
    <g class="propagation">
      <text x={2} y={topPx - 6} class="lane-name">
        verifiers that know the new key
      </text>
      {[100, 50, 0].map((percent) => (
        <g key={percent}>
          <line x1={0} x2={widthPx} y1={yOf(percent, box)} y2={yOf(percent, box)} class="rule" />
          <text x={widthPx} y={yOf(percent, box) - 3} text-anchor="end" class="lane-name">
            {percent} %
          </text>
        </g>
      ))}
      {end === null ? (
        <text x={8} y={topPx + heightPx / 2 + 4} class="lane-name">
          nothing is known yet
        </text>
      ) : (
        <>
          <path d={area} class="area" />
          <path d={line} class="curve" />
          {known.allByMs === null || end.percent >= 100 ? null : (
            <line
              class="forecast"
              x1={end.x}
              y1={end.y}
              x2={scale.x(known.allByMs)}
              y2={yOf(100, box)}
            />
          )}
          <circle cx={end.x} cy={end.y} r={3.5} />
        </>
      )}
    </g>
  );
}
