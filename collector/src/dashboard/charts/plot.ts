import uPlot from 'uplot';
import { amountText } from './amount.ts';
import type { Column } from './columns.ts';
import { tickText } from './tick-text.ts';

/** One line of a chart. */
export interface Line {
  readonly label: string;
  readonly values: Column;
  /** A custom property of the style sheet: `--old-key`. */
  readonly color: string;
  /** Lengths of dashes and gaps; none: a whole line. */
  readonly dash?: readonly number[];
  readonly width?: number;
  /** Filled down to nothing. */
  readonly isFilled?: boolean;
}

export interface PlotData {
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly fromS: number;
  readonly toS: number;
  /** From here on, Unix seconds, reports still come in. */
  readonly settledS: number;
  /** The top of the scale at least. */
  readonly topAtLeast: number;
}

export interface PlotEvents {
  /** Somebody dragged over a stretch, Unix ms. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
  /** The point under the cursor; null: none. */
  readonly onPoint: (index: number | null) => void;
}

/** A chart in the page. */
export interface Plot {
  resize(widthPx: number): void;
  show(data: PlotData): void;
  destroy(): void;
}

const HEIGHT_PX = 190;

/** Draws lines over time into an element, in the colours the page has now. */
export function drawPlot(
  into: HTMLElement,
  widthPx: number,
  first: PlotData,
  events: PlotEvents,
): Plot {
  let data = first;
  const style = getComputedStyle(into);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = {
    stroke: color('--soft'),
    font,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1, size: 4 },
  };
  const plot = new uPlot(
    {
      width: widthPx,
      height: HEIGHT_PX,
      legend: { show: false },
      padding: [8, 8, 0, 0],
      tzDate: (s) => uPlot.tzDate(new Date(s * 1_000), 'UTC'),
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        sync: { key: 'time', setSeries: false },
      },
      scales: {
        x: { time: true, range: () => [data.fromS, data.toS] },
        y: { range: (_, __, max) => [0, roof(Math.max(max ?? 0, data.topAtLeast))] },
      },
      axes: [
        {
          ...axis,
          space: 80,
          size: 30,
          values: (_, splits) =>
            splits.map((s) => tickText(s * 1_000, (data.toS - data.fromS) * 1_000)),
        },
        { ...axis, size: 48, values: (_, splits) => splits.map(amountText) },
      ],
      series: [
        {},
        ...first.lines.map((line) => ({
          label: line.label,
          stroke: color(line.color),
          width: line.width ?? 2,
          ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
          ...(line.isFilled === true ? { fill: `${color(line.color)}2e` } : {}),
          points: { size: 5 },
        })),
      ],
      hooks: {
        drawClear: [(self) => hatch(self, data, color('--unknown-stripe'))],
        setCursor: [(self) => events.onPoint(self.cursor.idx ?? null)],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 4) return;
            events.onZoom(
              self.posToVal(left, 'x') * 1_000,
              self.posToVal(left + width, 'x') * 1_000,
            );
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    aligned(first),
    into,
  );
  return {
    resize: (width) => plot.setSize({ width, height: HEIGHT_PX }),
    show(next) {
      data = next;
      plot.setData(aligned(next));
    },
    destroy: () => plot.destroy(),
  };
}

function aligned({ at, lines }: PlotData): uPlot.AlignedData {
  return [[...at], ...lines.map(({ values }) => [...values])];
}

/** A little above the highest, so that no line runs along the edge. */
function roof(max: number): number {
  return max <= 0 ? 1 : max * 1.08;
}

/** What may still change is hatched. */
function hatch(self: uPlot, { at, settledS, toS }: PlotData, color: string): void {
  const lastS = at.at(-1);
  if (lastS === undefined || lastS < settledS) return;
  const { ctx, bbox } = self;
  const from = Math.max(bbox.left, self.valToPos(settledS, 'x', true));
  const to = Math.min(bbox.left + bbox.width, self.valToPos(toS, 'x', true));
  if (to <= from) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, bbox.top, to - from, bbox.height);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  for (let x = from - bbox.height; x < to; x += 9 * devicePixelRatio) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}
