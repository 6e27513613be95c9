import { counted } from '@keyturn/shared/model/counted.ts';
import type { InventoryView } from '../../../api/schemas/live-inventory.ts';
import { useKeptView } from '../../live/use-kept-view.ts';
import { query, setQuery } from '../../navigation.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ChoiceFilter, FilterBar, TextFilter } from '../../ui/filter-bar.tsx';
import { LeftOut } from '../../ui/left-out.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { useTitle } from '../../use-title.ts';
import { viewFilter } from '../view-filter.ts';
import { CONDITION_WORDS } from './conditions.ts';
import { ServiceRows } from './service-rows.tsx';

const FIELDS = ['state', 'issuer', 'q'] as const;

/** Services that verify tokens: what is declared, what is seen, and where the two differ. */
export function InventoryPage() {
  const filter = viewFilter(query.value, FIELDS);
  const { argument: matched, value: view } = useKeptView('inventory', filter);
  useTitle('Inventory');
  if (view === undefined) return <Waiting value={view} missing="" />;
  return (
    <>
      <h1>Inventory</h1>
      {view === null ? <NotUnderstood /> : <Services view={view} isFiltered={matched !== ''} />}
    </>
  );
}

function NotUnderstood() {
  const clear = (): void => setQuery(Object.fromEntries(FIELDS.map((field) => [field, null])));
  return (
    <p role="alert">
      The address asks for services in a way that is not understood, so none are shown.{' '}
      <button type="button" onClick={clear}>
        Show all
      </button>
    </p>
  );
}

function Services({
  view,
  isFiltered,
}: {
  readonly view: InventoryView;
  readonly isFiltered: boolean;
}) {
  const { counts, matching, more, services } = view;
  return (
    <>
      <ServiceFilters view={view} />
      <p class="soft facts-line">
        <span role="status">
          {isFiltered
            ? `${matching} of ${counted(counts.all, 'service')} match`
            : summaryOf(counts)}
        </span>
        {services.length === 0 ? null : (
          <CopyButton
            text={() => JSON.stringify(services, null, 2)}
            label={`Copy ${counted(services.length, 'service')} as JSON`}
          />
        )}
      </p>
      {services.length === 0 ? (
        <p class="empty">
          {isFiltered
            ? 'No service matches.'
            : 'No service is declared and none reports. Declare those that verify tokens under services in the collector settings, so that a missing one is noticed.'}
        </p>
      ) : (
        <ServiceRows view={view} />
      )}
      <LeftOut count={more} what="services" where="narrow the filter; keyturn services lists all" />
    </>
  );
}

function ServiceFilters({ view: { counts, issuers } }: { readonly view: InventoryView }) {
  const states = CONDITION_WORDS.map(({ condition, word }) => ({
    value: condition,
    text: `${word} (${counts[condition]})`,
  }));
  return (
    <FilterBar label="Filter services" fields={FIELDS}>
      <TextFilter field="q" label="Name" />
      <ChoiceFilter
        field="state"
        label="State"
        any={`any (${counts.all})`}
        choices={[...states, { value: 'in_order', text: `in order (${counts.in_order})` }]}
      />
      <ChoiceFilter
        field="issuer"
        label="Issuer"
        any="any"
        choices={issuers.map((issuer) => ({ value: issuer, text: issuer }))}
      />
    </FilterBar>
  );
}

function summaryOf(counts: InventoryView['counts']): string {
  const troubles = CONDITION_WORDS.filter(({ condition }) => counts[condition] > 0).map(
    ({ condition, word }) => `${counts[condition]} ${word}`,
  );
  return [
    counted(counts.all, 'service'),
    `${counts.declared} declared`,
    ...(troubles.length === 0 ? ['all in order'] : troubles),
  ].join(' · ');
}
