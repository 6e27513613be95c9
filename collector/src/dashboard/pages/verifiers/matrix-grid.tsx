import { useRef, useState } from 'preact/hooks';
import { fleetStatus } from '../../fleet/fleet-feed.ts';
import { holdingOf } from '../../fleet/holding.ts';
import type { MatrixColumn, MatrixService } from '../../fleet/matrix.ts';
import type { Held } from '../../fleet/row-store.ts';
import type { FleetHead, VerifierRow } from '../../fleet/verifier-row.ts';
import { fresh } from '../../live/live.ts';
import { pathOf } from '../../route.ts';
import { Name } from '../../ui/name.tsx';
import { rowAfterKey } from '../../ui/row-keys.ts';
import { useMedia } from '../../ui/use-media.ts';
import { useRowFocus } from '../../ui/use-row-focus.ts';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { MatrixCellView } from './matrix-cell.tsx';

export type MatrixItem =
  | { readonly kind: 'service'; readonly service: MatrixService; readonly isOpen: boolean }
  | { readonly kind: 'member'; readonly held: Held };

const ROW_PX = 44;
const NARROW_HEAD_PX = 52;
const NARROW_CELL_PX = 34;
const NARROW_COLUMNS_MAX = 4;

interface MatrixGridProps {
  readonly items: readonly MatrixItem[];
  /** Another one whenever rows of it changed. */
  readonly turn: number;
  readonly columns: readonly MatrixColumn[];
  readonly head: FleetHead;
  readonly issuer: string;
  readonly toggle: (service: string) => void;
}

/** The matrix, of which only what is in view is drawn. A service opens to its verifiers. */
export function MatrixGrid({ items, columns, head, issuer, toggle }: MatrixGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const isOld = fresh.value.kind !== 'live' || fleetStatus.value !== 'live';
  const isNarrow = useMedia('(max-width: 56rem)');
  const shown = isNarrow ? columns.slice(0, NARROW_COLUMNS_MAX) : columns;
  const rowPx = isNarrow ? NARROW_HEAD_PX + NARROW_CELL_PX * shown.length : ROW_PX;
  const [currentAt, setCurrentAt] = useState(0);
  const at = Math.min(currentAt, items.length - 1);
  const drawn = useVirtualRows(scroller, { count: items.length, rowPx, kept: at });
  const focusRow = useRowFocus(scroller);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (opensOrCloses(event.key, items[at])) {
      event.preventDefault();
      const item = items[at];
      if (item?.kind === 'service') toggle(item.service.service.name);
      return;
    }
    const next = rowAfterKey(event, at, items.length, drawn.perPage);
    if (next === null) return;
    event.preventDefault();
    focusRow(next);
    setCurrentAt(next);
    drawn.scrollTo(next);
  };

  return (
    <div
      role="treegrid"
      class={isOld ? 'fleet matrix old-news' : 'fleet matrix'}
      aria-label="Services and keys"
      aria-rowcount={items.length + 1}
      aria-colcount={shown.length + 1}
      style={{ '--columns': String(shown.length) }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" class="fleet-head">
        <div role="row" aria-rowindex={1} class="matrix-row">
          <div role="columnheader">Service</div>
          {shown.map((column) => (
            <div role="columnheader" key={column.key}>
              <KeyHead column={column} />
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="fleet-scroll" ref={scroller}>
        <div role="presentation" class="fleet-space" style={{ height: `${drawn.totalPx}px` }}>
          {drawn.indexes.map((index) => {
            const item = items[index];
            if (item === undefined) return null;
            const isService = item.kind === 'service';
            return (
              <div
                key={`${item.kind} ${drawn.keyOf(index)}`}
                role="row"
                aria-rowindex={index + 2}
                aria-level={isService ? 1 : 2}
                aria-expanded={isService ? item.isOpen : undefined}
                class={`matrix-row ${item.kind}`}
                style={{ transform: `translateY(${index * rowPx}px)`, height: `${rowPx}px` }}
              >
                {isService ? (
                  <ServiceCells
                    item={item}
                    columns={shown}
                    issuer={issuer}
                    index={index}
                    isCurrent={index === at}
                    toggle={toggle}
                  />
                ) : (
                  <MemberCells
                    row={item.held.row}
                    columns={shown}
                    head={head}
                    index={index}
                    isCurrent={index === at}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function KeyHead({ column }: { readonly column: MatrixColumn }) {
  return (
    <>
      {column.role === null ? null : <span class={`role ${column.role}`}>{column.role} </span>}
      <Name text={column.kid} charsMax={24} />
      {column.withdrawn ? <span class="soft"> withdrawn</span> : null}
    </>
  );
}

function ServiceCells({
  item: { service, isOpen },
  columns,
  issuer,
  index,
  isCurrent,
  toggle,
}: {
  readonly item: Extract<MatrixItem, { kind: 'service' }>;
  readonly columns: readonly MatrixColumn[];
  readonly issuer: string;
  readonly index: number;
  readonly isCurrent: boolean;
  readonly toggle: (service: string) => void;
}) {
  const { name, required } = service.service;
  return (
    <>
      <div role="rowheader">
        <button
          type="button"
          class="fold"
          tabIndex={isCurrent ? 0 : -1}
          data-index={index}
          onClick={() => toggle(name)}
        >
          <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> <Name text={name} charsMax={40} />
          <span class="soft">
            {' '}
            {service.members.size.toLocaleString('en')}
            {required ? '' : ', not required'}
          </span>
        </button>
      </div>
      {columns.map((column, at) => (
        <MatrixCellView
          key={column.key}
          cell={service.cells[at] ?? { yes: 0, no: 0, unknown: 0 }}
          column={column}
          service={name}
          issuer={issuer}
        />
      ))}
    </>
  );
}

const SIGNS = {
  yes: ['●', 'holds it'],
  no: ['○', 'lacks it'],
  unknown: ['◌', 'not known'],
} as const;

function MemberCells({
  row,
  columns,
  head,
  index,
  isCurrent,
}: {
  readonly row: VerifierRow;
  readonly columns: readonly MatrixColumn[];
  readonly head: FleetHead;
  readonly index: number;
  readonly isCurrent: boolean;
}) {
  return (
    <>
      <div role="rowheader">
        <a
          href={pathOf('verifiers', row.service.name, row.instance, row.cache)}
          tabIndex={isCurrent ? 0 : -1}
          data-index={index}
        >
          <Name text={row.instance} charsMax={40} />/<Name text={row.cache} charsMax={24} />
        </a>
      </div>
      {columns.map((column) => {
        const holding = holdingOf(row, column.key, head);
        const [sign, words] = holding === null ? ['', 'takes no tokens of it'] : SIGNS[holding];
        return (
          <div
            role="gridcell"
            key={column.key}
            class={`holding ${holding ?? ''}${column.withdrawn ? ' withdrawn' : ''}`}
          >
            <span class="narrow-only soft">
              <Name text={column.kid} charsMax={24} />{' '}
            </span>
            <span aria-hidden="true">{sign}</span> {words}
          </div>
        );
      })}
    </>
  );
}

function opensOrCloses(key: string, item: MatrixItem | undefined): boolean {
  if (item?.kind !== 'service') return false;
  return (key === 'ArrowRight' && !item.isOpen) || (key === 'ArrowLeft' && item.isOpen);
}
