import { useMemo, useState } from 'preact/hooks';
import { rankOf } from '../../fleet/condition.ts';
import { fleet, fleetHead } from '../../fleet/fleet-feed.ts';
import { FleetMatrix, type MatrixService } from '../../fleet/matrix.ts';
import type { Held } from '../../fleet/row-store.ts';
import { useFollowing } from '../../fleet/use-fleet.ts';
import type { FleetHead } from '../../fleet/verifier-row.ts';
import { query, setQuery } from '../../navigation.ts';
import { visibleText } from '../../ui/visible-text.ts';
import { MatrixGrid, type MatrixItem } from './matrix-grid.tsx';

/** Services against the keys of one issuer: how many verifiers hold each. */
export function MatrixView() {
  const head = fleetHead.value;
  const issuer = issuerOf(head, query.value.get('issuer'));
  const { following: matrix, turn } = useFollowing(
    () => new FleetMatrix(fleet.all(), head, issuer),
    [head, issuer],
  );
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const { services, columns } = matrix;
  const items = useMemo(() => itemsOf(services, open), [services, open]);
  const toggle = (name: string): void => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  return (
    <>
      <form class="toolbar" onSubmit={(event) => event.preventDefault()}>
        <label>
          Issuer
          <select
            value={head.issuers[issuer] ?? ''}
            onChange={(event) => setQuery({ issuer: event.currentTarget.value })}
          >
            {head.issuers.map((one) => (
              <option key={one} value={one}>
                {visibleText(one)}
              </option>
            ))}
          </select>
        </label>
        <Legend />
        <button
          type="button"
          onClick={() =>
            setOpen(
              open.size > 0 ? new Set() : new Set(services.map(({ service }) => service.name)),
            )
          }
        >
          {open.size > 0 ? 'Close all' : 'Open all'}
        </button>
        <p class="count" role="status">
          {services.length.toLocaleString('en')} {services.length === 1 ? 'service' : 'services'}
        </p>
      </form>
      {items.length === 0 || columns.length === 0 ? (
        <p class="empty">
          {columns.length === 0
            ? 'No key of this issuer has been seen.'
            : 'No verifier takes tokens of this issuer.'}
        </p>
      ) : (
        <MatrixGrid
          items={items}
          turn={turn}
          columns={columns}
          head={head}
          issuer={head.issuers[issuer] ?? ''}
          toggle={toggle}
        />
      )}
    </>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label="Legend">
      <li>
        <span class="swatch yes" aria-hidden="true" /> holding
      </li>
      <li>
        <span class="swatch old" aria-hidden="true" /> holding the old key
      </li>
      <li>
        <span class="swatch no" aria-hidden="true" /> not holding
      </li>
      <li>
        <span class="swatch unknown" aria-hidden="true" /> not known
      </li>
    </ul>
  );
}

/** The issuer asked for; or one with an open rotation, or the first. */
function issuerOf(head: FleetHead, asked: string | null): number {
  const found = asked === null ? -1 : head.issuers.indexOf(asked);
  return found >= 0 ? found : (head.rotations[0]?.issuer ?? 0);
}

function itemsOf(
  services: readonly MatrixService[],
  open: ReadonlySet<string>,
): readonly MatrixItem[] {
  const items: MatrixItem[] = [];
  for (const service of services) {
    const isOpen = open.has(service.service.name);
    items.push({ kind: 'service', service, isOpen });
    if (!isOpen) continue;
    for (const held of [...service.members].sort(worstFirst)) items.push({ kind: 'member', held });
  }
  return items;
}

function worstFirst(a: Held, b: Held): number {
  return rankOf(a.row) - rankOf(b.row) || (a.row.name < b.row.name ? -1 : 1);
}
