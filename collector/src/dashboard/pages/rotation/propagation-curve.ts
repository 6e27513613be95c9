import type { Column } from '../../charts/columns.ts';

/** Where a curve runs, as SVG paths; gaps in what is known are gaps in it. */
export interface Curve {
  readonly line: string;
  readonly area: string;
  /** The last that is known; null: nothing is. */
  readonly end: { readonly x: number; readonly y: number; readonly percent: number } | null;
}

export interface Box {
  readonly topPx: number;
  readonly heightPx: number;
}

/**
 * @param at Unix seconds
 * @param percent from 0 to 100; null: not known
 * @param x a moment's place, Unix ms to pixels
 */
export function propagationCurve(
  at: readonly number[],
  percent: Column,
  x: (ms: number) => number,
  box: Box,
): Curve {
  let line = '';
  let area = '';
  let run: string[] = [];
  let runFrom = 0;
  let end: Curve['end'] = null;
  const floor = box.topPx + box.heightPx;
  const close = (): void => {
    if (run.length > 0 && end !== null) {
      // A point alone is drawn as a short stroke.
      const points = run.length === 1 ? [...run, `${px(end.x + 1)} ${px(end.y)}`] : run;
      line += `M${points.join('L')}`;
      area += `M${px(runFrom)} ${px(floor)}L${points.join('L')}L${px(end.x)} ${px(floor)}Z`;
    }
    run = [];
  };
  for (const [index, atS] of at.entries()) {
    const value = percent[index] ?? null;
    if (value === null) {
      close();
      continue;
    }
    const point = { x: x(atS * 1_000), y: yOf(value, box), percent: value };
    if (run.length === 0) runFrom = point.x;
    run.push(`${px(point.x)} ${px(point.y)}`);
    end = point;
  }
  close();
  return { line, area, end };
}

/** How high a share stands. */
export function yOf(percent: number, { topPx, heightPx }: Box): number {
  return topPx + heightPx * (1 - Math.min(100, Math.max(0, percent)) / 100);
}

function px(value: number): string {
  return value.toFixed(1);
}
