import type { InventoryView, ServiceRowView } from '../../../api/schemas/live-inventory.ts';
import { pathOf } from '../../route.ts';
import { FleetBar } from '../../ui/fleet-bar.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { issuerPath } from '../view-filter.ts';
import { CONDITION_WORDS } from './conditions.ts';
import { expectedOf, howJudged } from './service-words.ts';

/** Services with their verifiers, issuer by issuer. */
export function ServiceRows({ view }: { readonly view: InventoryView }) {
  const columns: readonly Column<ServiceRowView>[] = [
    { label: 'Service', cell: (row) => <Service row={row} /> },
    { label: 'Judged', cell: (row) => <Judged row={row} /> },
    { label: 'Expected and seen', cell: (row) => <Seen row={row} /> },
    { label: 'Waits for', cell: (row) => <Waits row={row} rotations={view.rotations} /> },
  ];
  return (
    <Rows
      caption="Services, how each is judged, its verifiers, and what it is waited for"
      columns={columns}
      rows={view.services}
      keyOf={({ name }) => name}
    />
  );
}

function Service({ row }: { readonly row: ServiceRowView }) {
  return (
    <>
      <a href={`/verifiers?${new URLSearchParams({ service: row.name })}`}>
        <Name text={row.name} />
      </a>
      {row.required ? null : <span class="soft"> optional</span>}
      <span class="conditions">
        {CONDITION_WORDS.filter(({ condition }) => row.conditions.includes(condition)).map(
          ({ condition, sentence, word }) => (
            <span
              key={condition}
              class={`tag ${condition === 'waiting' ? '' : 'closed'}`}
              title={sentence}
            >
              {word}
            </span>
          ),
        )}
      </span>
    </>
  );
}

function Judged({ row }: { readonly row: ServiceRowView }) {
  return (
    <>
      {howJudged(row)}
      <br />
      <span class="soft">
        {row.kind}
        {row.profile === '' ? null : (
          <>
            {' '}
            · profile <Name text={row.profile} />
          </>
        )}
      </span>
    </>
  );
}

function Seen({ row }: { readonly row: ServiceRowView }) {
  return (
    <ul class="plain-list">
      {row.issuers.map((each) => (
        <li key={each.issuer}>
          <a href={issuerPath(each.issuer)}>
            <Name text={each.issuer} charsMax={48} />
          </a>{' '}
          <span>{expectedOf(each, row)}</span>
          {each.hidden_alert_id === null ? null : (
            <>
              {' '}
              <a href={pathOf('alerts', each.hidden_alert_id)}>HiddenDependent</a>
            </>
          )}
          {each.verifiers === 0 ? null : <FleetBar totals={each} />}
          {each.uncounted === 0 ? null : (
            <span class="soft">{each.uncounted} cannot count outcomes</span>
          )}
        </li>
      ))}
      {row.more_issuers === 0 ? null : (
        <li class="soft">and {row.more_issuers} more issuers: filter by issuer</li>
      )}
    </ul>
  );
}

function Waits({
  row,
  rotations,
}: {
  readonly row: ServiceRowView;
  readonly rotations: InventoryView['rotations'];
}) {
  const waiting = row.issuers.flatMap(({ waits_for: waits }) => waits);
  if (waiting.length === 0) return <span class="soft">no rotation is open</span>;
  return (
    <ul class="plain-list">
      {waiting.map(({ rotation_id: id, what }) => (
        <li key={id}>
          {what.length === 0 ? (
            <span class="soft">nothing</span>
          ) : (
            <Name text={what.join('; ')} charsMax={240} />
          )}{' '}
          <span class="soft">
            in{' '}
            <a href={pathOf('rotations', id)}>
              <Name text={rotations.find((each) => each.id === id)?.new_kid ?? id} charsMax={40} />
            </a>
          </span>
        </li>
      ))}
    </ul>
  );
}
