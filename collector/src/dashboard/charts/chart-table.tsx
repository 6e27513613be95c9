import { amountText } from './amount.ts';
import type { Line } from './plot.ts';

/** Rows of a chart's table; more points are put together by leaving some out. */
const ROWS_MAX = 30;

/** The numbers of a chart, for who does not see it or wants them; made when it is opened. */
export function ChartTable({
  title,
  unit,
  at,
  lines,
}: {
  readonly title: string;
  readonly unit: string;
  readonly at: readonly number[];
  readonly lines: readonly Line[];
}) {
  const every = Math.max(1, Math.ceil(at.length / ROWS_MAX));
  // Counted from the end, so that the latest is always there.
  const points = at.flatMap((_, index) => ((at.length - 1 - index) % every === 0 ? [index] : []));
  return (
    <details class="chart-table">
      <summary>As a table</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
        <table>
          <caption class="visually-hidden">
            {title}, {unit}
            {every === 1 ? '' : `, every ${every}th point`}
          </caption>
          <thead>
            <tr>
              <th scope="col">UTC</th>
              {lines.map(({ label }) => (
                <th key={label} scope="col" class="number">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.toReversed().map((index) => (
              <tr key={at[index]}>
                <th scope="row">{momentText(at[index] ?? 0)}</th>
                {lines.map(({ label, values }) => (
                  <td key={label} class="number">
                    {numberText(values[index] ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function momentText(atS: number): string {
  return new Date(atS * 1_000).toISOString().slice(5, 19).replace('T', ' ');
}

function numberText(value: number | null): string {
  return value === null ? 'no data' : amountText(value);
}
