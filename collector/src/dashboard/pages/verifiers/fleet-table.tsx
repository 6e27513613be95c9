import { useRef, useState } from 'preact/hooks';
import type { Order, OrderBy } from '../../fleet/order.ts';
import type { OrderedRows } from '../../fleet/ordered-rows.ts';
import type { Held } from '../../fleet/row-store.ts';
import type { FleetHead } from '../../fleet/verifier-row.ts';
import { setQuery } from '../../navigation.ts';
import { rowAfterKey } from '../../ui/row-keys.ts';
import { useMedia } from '../../ui/use-media.ts';
import { useRowFocus } from '../../ui/use-row-focus.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { FLEET_COLUMNS } from './fleet-columns.ts';
import { FleetRowView } from './fleet-row.tsx';

const ROW_PX = 40;
const NARROW_ROW_PX = 108;

/** Every matching verifier in one table, of which only what is in view is drawn. */
export function FleetTable({
  ordered,
  order,
  head,
  issuer,
}: {
  readonly ordered: OrderedRows;
  /** Another one whenever rows of it changed. */
  readonly turn: number;
  readonly order: Order;
  readonly head: FleetHead;
  readonly issuer: number | null;
}) {
  const { rows } = ordered;
  const scroller = useRef<HTMLDivElement>(null);
  const rowPx = useMedia('(max-width: 56rem)') ? NARROW_ROW_PX : ROW_PX;
  const [current, setCurrent] = useState<Held | null>(null);
  const found = current === null ? -1 : ordered.indexOf(current.row);
  const currentAt = found >= 0 ? found : rows.length > 0 ? 0 : -1;
  const drawn = useVirtualRows(scroller, { count: rows.length, rowPx, kept: found });
  const focusRow = useRowFocus(scroller);

  const onKeyDown = (event: KeyboardEvent): void => {
    // Buttons of the head keep their keys.
    if (event.target instanceof HTMLButtonElement) return;
    const next = rowAfterKey(event, currentAt, rows.length, drawn.perPage);
    const held = next === null ? undefined : rows[next];
    if (next === null || held === undefined) return;
    event.preventDefault();
    focusRow(next);
    setCurrent(held);
    drawn.scrollTo(next);
  };

  return (
    <div
      role="grid"
      class="fleet"
      aria-label="Verifiers"
      aria-rowcount={rows.length + 1}
      aria-colcount={FLEET_COLUMNS.length}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" class="fleet-head">
        <div role="row" aria-rowindex={1} class="fleet-row">
          {FLEET_COLUMNS.map(({ label, by }) => (
            <HeadCell key={by} label={label} by={by} order={order} />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="fleet-scroll" ref={scroller}>
        <div role="presentation" class="fleet-space" style={{ height: `${drawn.totalPx}px` }}>
          {drawn.indexes.map((index) => {
            const held = rows[index];
            return held === undefined ? null : (
              <FleetRowView
                key={drawn.keyOf(index)}
                row={held.row}
                index={index}
                rowPx={rowPx}
                head={head}
                issuer={issuer}
                isCurrent={index === currentAt}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function HeadCell({
  label,
  by,
  order,
}: {
  readonly label: string;
  readonly by: OrderBy;
  readonly order: Order;
}) {
  const isOrder = order.by === by;
  const sorted = !isOrder ? 'none' : order.reversed ? 'descending' : 'ascending';
  const turn = (): void => {
    const reversed = isOrder && !order.reversed;
    const isDefault = by === 'state' && !reversed;
    setQuery({ sort: isDefault ? null : by, order: reversed ? 'reversed' : null });
  };
  return (
    <div role="columnheader" aria-sort={sorted}>
      <button type="button" class="sort" onClick={turn}>
        {label}
        <span aria-hidden="true">{!isOrder ? '' : order.reversed ? ' ▲' : ' ▼'}</span>
      </button>
    </div>
  );
}
