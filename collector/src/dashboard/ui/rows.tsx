import type { ComponentChildren } from 'preact';

/** One column of a table. */
export interface Column<R> {
  readonly label: string;
  readonly cell: (row: R) => ComponentChildren;
  /** Stands at the right, as numbers do. */
  readonly isNumber?: boolean;
}

/**
 * A table that becomes a list of labelled facts where there is no room for columns. Roles are named
 * because browsers forget them when a cell is laid out as a block.
 */
export function Rows<R>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  readonly caption: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string;
}) {
  return (
    <table class="rows" role="table">
      <caption class="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ isNumber, label }) => (
            <th key={label} scope="col" role="columnheader" class={isNumber ? 'number' : ''}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ cell, isNumber, label }, index) =>
              index === 0 ? (
                <th key={label} scope="row" role="rowheader">
                  {cell(row)}
                </th>
              ) : (
                <td key={label} role="cell" data-label={label} class={isNumber ? 'number' : ''}>
                  <div class="cell">{cell(row)}</div>
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
