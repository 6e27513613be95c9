import type { AlertsView } from '../../../api/schemas/live-alerts.ts';
import { ChoiceFilter, FilterBar, TextFilter } from '../../ui/filter-bar.tsx';

/** Parts of the address that filter alerts, as the collector knows them. */
export const ALERT_FILTER_FIELDS = ['state', 'severity', 'issuer', 'name', 'q'] as const;

/** What filters the list of alerts. */
export function AlertFilters({ view: { counts, issuers, names } }: { readonly view: AlertsView }) {
  const states = [
    { value: 'firing', text: `firing (${counts.firing})` },
    { value: 'no_data', text: `firing, end not seen (${counts.no_data})` },
    { value: 'pending', text: `waiting to fire (${counts.pending})` },
    { value: 'resolved', text: `resolved (${counts.resolved})` },
  ];
  return (
    <FilterBar label="Filter alerts" fields={ALERT_FILTER_FIELDS}>
      <TextFilter field="q" label="Text" />
      <ChoiceFilter field="state" label="State" any="any" choices={states} />
      <ChoiceFilter field="severity" label="Severity" any="any" choices={SEVERITIES} />
      <ChoiceFilter field="name" label="Name" any="any" choices={names.map(plain)} />
      <ChoiceFilter field="issuer" label="Issuer" any="any" choices={issuers.map(plain)} />
    </FilterBar>
  );
}

const SEVERITIES = ['critical', 'warning', 'info'].map(plain);

function plain(value: string): { readonly value: string; readonly text: string } {
  return { value, text: value };
}
