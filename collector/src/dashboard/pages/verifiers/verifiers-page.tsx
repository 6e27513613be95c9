import { useMemo } from 'preact/hooks';
import { filterFrom, matcher } from '../../fleet/filter.ts';
import { fleet, fleetHead, fleetSize, fleetStatus } from '../../fleet/fleet-feed.ts';
import { fleetJson } from '../../fleet/fleet-json.ts';
import { comparison, orderFrom } from '../../fleet/order.ts';
import { OrderedRows } from '../../fleet/ordered-rows.ts';
import { useFleet, useFollowing } from '../../fleet/use-fleet.ts';
import { fresh } from '../../live/live.ts';
import { query } from '../../navigation.ts';
import { useTitle } from '../../use-title.ts';
import { FleetTable } from './fleet-table.tsx';
import { FleetToolbar } from './fleet-toolbar.tsx';
import { MatrixView } from './matrix-view.tsx';

// More than anybody looks through; the search finds the others.
const SERVICES_OFFERED_MAX = 500;

/** Every verifier: one by one, or service by service against the keys of an issuer. */
export function VerifiersPage() {
  useTitle('Verifiers');
  useFleet();
  const isMatrix = query.value.get('view') === 'matrix';
  return (
    <>
      <header class="page-head">
        <h1>Verifiers</h1>
        <nav aria-label="Views">
          <a href="/verifiers" aria-current={isMatrix ? undefined : 'true'}>
            Table
          </a>
          <a href="/verifiers?view=matrix" aria-current={isMatrix ? 'true' : undefined}>
            Services and keys
          </a>
        </nav>
      </header>
      <p class="on-paper">
        On paper are the verifiers that were in view; <code>keyturn verifiers</code> lists all.
      </p>
      <FleetNotice />
      {fleetStatus.value === 'loading' ? (
        <p class="empty" role="status">
          {fresh.value.kind === 'live' ? 'Loading…' : 'Waiting for the collector…'}
        </p>
      ) : isMatrix ? (
        <MatrixView />
      ) : (
        <TableView />
      )}
    </>
  );
}

/** Rows come apart from the stream, so they can be old while it speaks. */
function FleetNotice() {
  if (fleetStatus.value !== 'late' || fresh.value.kind !== 'live') return null;
  return (
    <p class="notice stale" role="alert">
      The collector does not answer for its verifiers: what is shown of them is old.
    </p>
  );
}

function TableView() {
  const head = fleetHead.value;
  const search = query.value.toString();
  const filter = useMemo(() => filterFrom(new URLSearchParams(search)), [search]);
  const order = useMemo(() => orderFrom(new URLSearchParams(search)), [search]);
  const place = filter.issuer === null ? -1 : head.issuers.indexOf(filter.issuer);
  const issuer = place < 0 ? null : place;
  const { following: ordered, turn } = useFollowing(
    () => new OrderedRows(fleet.all(), matcher(filter, head), comparison(order, issuer)),
    [filter, order, issuer, head],
  );
  const size = fleetSize.value;
  const services = useMemo(serviceNames, [size, head]);
  return (
    <>
      <FleetToolbar
        filter={filter}
        head={head}
        services={services}
        shown={ordered.rows.length}
        total={size}
        json={() =>
          fleetJson(
            ordered.rows.map(({ row }) => row),
            head,
          )
        }
      />
      {ordered.rows.length === 0 ? (
        <p class="empty">
          {size === 0 ? 'No verifier has ever reported.' : 'No verifier is like this.'}
        </p>
      ) : (
        <FleetTable ordered={ordered} turn={turn} order={order} head={head} issuer={issuer} />
      )}
    </>
  );
}

function serviceNames(): readonly string[] {
  const names = new Set<string>();
  for (const { row } of fleet.all()) names.add(row.service.name);
  return [...names].sort().slice(0, SERVICES_OFFERED_MAX);
}
