import type { Holding } from '../../fleet/holding.ts';
import { filterQuery } from '../../fleet/filter.ts';
import type { MatrixCell, MatrixColumn } from '../../fleet/matrix.ts';
import { Name } from '../../ui/name.tsx';

const PARTS: readonly (readonly [part: Holding, words: string])[] = [
  ['yes', 'hold it'],
  ['no', 'do not'],
  ['unknown', 'not known'],
];

/** How many of a service hold a key, as a bar and in numbers; leads to those that do not. */
export function MatrixCellView({
  cell,
  column,
  service,
  issuer,
}: {
  readonly cell: MatrixCell;
  readonly column: MatrixColumn;
  readonly service: string;
  readonly issuer: string;
}) {
  const holds = worstOf(cell, column);
  const search = filterQuery({ service, issuer, kid: column.kid, holds });
  const parts = PARTS.filter(([part]) => cell[part] > 0);
  return (
    <div role="gridcell" class="matrix-cell">
      <a href={`/verifiers?${search}`} tabIndex={-1}>
        <span class="narrow-only soft">
          <Name text={column.kid} charsMax={24} />{' '}
        </span>
        <span
          class={`bar ${column.withdrawn ? 'withdrawn' : (column.role ?? '')}`}
          aria-hidden="true"
        >
          {parts.map(([part]) => (
            <span key={part} class={part} style={{ flexGrow: cell[part] }} />
          ))}
        </span>
        <span class="numbers">
          {parts.length === 0
            ? 'nobody'
            : parts.map(([part, words]) => (
                <span key={part} class={part}>
                  {cell[part].toLocaleString('en')} {words}
                </span>
              ))}
        </span>
      </a>
    </div>
  );
}

/** Of a key that is gone, who holds it is in the way; of any other, who does not. */
function worstOf(cell: MatrixCell, { withdrawn }: MatrixColumn): Holding {
  if (withdrawn && cell.yes > 0) return 'yes';
  if (!withdrawn && cell.no > 0) return 'no';
  if (cell.unknown > 0) return 'unknown';
  return withdrawn ? 'no' : 'yes';
}
