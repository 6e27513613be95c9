import { counted } from '@keyturn/shared/model/counted.ts';
import type { AlertsView } from '../../../api/schemas/live-alerts.ts';
import { useKeptView } from '../../live/use-kept-view.ts';
import { fresh } from '../../live/live.ts';
import { query, setQuery } from '../../navigation.ts';
import { Card } from '../../ui/card.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { useTitle } from '../../use-title.ts';
import { viewFilter } from '../view-filter.ts';
import { ALERT_FILTER_FIELDS, AlertFilters } from './alert-filters.tsx';
import { AlertGroups } from './alert-groups.tsx';
import { Receivers } from './receivers-part.tsx';
import { Silences } from './silences-part.tsx';

/** What fires, what is about to, what is over; who is told of it, and who is not. */
export function AlertsPage() {
  const filter = viewFilter(query.value, ALERT_FILTER_FIELDS);
  // What nothing of matched must not pass for all there is while that is still on its way.
  const { argument: matched, value: view } = useKeptView('alerts', filter);
  useTitle('Alerts');
  if (view === undefined) return <Waiting value={view} missing="" />;
  return (
    <>
      <h1>Alerts</h1>
      {view === null ? <NotUnderstood /> : <Alerts view={view} isFiltered={matched !== ''} />}
    </>
  );
}

function NotUnderstood() {
  const clear = (): void =>
    setQuery(Object.fromEntries(ALERT_FILTER_FIELDS.map((field) => [field, null])));
  return (
    <p role="alert">
      The address asks for alerts in a way that is not understood, so none are shown.{' '}
      <button type="button" onClick={clear}>
        Show all
      </button>
    </p>
  );
}

function Alerts({ view, isFiltered }: { readonly view: AlertsView; readonly isFiltered: boolean }) {
  const { firing, more, pending, resolved } = view;
  return (
    <>
      <AlertFilters view={view} />
      <p class="soft" role="status">
        {summaryOf(view, isFiltered)}
      </p>
      {firing.length === 0 ? (
        <NoneFires view={view} isFiltered={isFiltered} />
      ) : (
        <Card title="Firing" tone="alarm">
          <AlertGroups groups={firing} />
        </Card>
      )}
      {pending.length === 0 ? null : (
        <Card title="Seen, and not for long enough to fire">
          <AlertGroups groups={pending} />
        </Card>
      )}
      {resolved.length === 0 ? null : (
        <Card title="Resolved within a day">
          <AlertGroups groups={resolved} />
        </Card>
      )}
      {more === 0 ? null : (
        <p class="soft left-out">and {more} more that are not listed: narrow the filter</p>
      )}
      <Silences silences={view.silences} more={view.more_silences} />
      <Receivers receivers={view.receivers} />
    </>
  );
}

function summaryOf(view: AlertsView, isFiltered: boolean): string {
  const { firing, no_data: unseen, pending, resolved } = view.counts;
  const parts = [
    `${firing + unseen} firing`,
    ...(unseen > 0 ? [`${unseen} of them cannot be seen to be over`] : []),
    `${pending} waiting to fire`,
    `${resolved} resolved within a day`,
  ];
  const all = firing + unseen + pending + resolved;
  return `${isFiltered ? `${view.matching} of ${counted(all, 'alert')} match. In all: ` : ''}${parts.join(' · ')}`;
}

/** That nothing fires is said only of the present, and only with the proof that something could. */
function NoneFires({
  view,
  isFiltered,
}: {
  readonly view: AlertsView;
  readonly isFiltered: boolean;
}) {
  if (fresh.value.kind !== 'live') {
    return <p class="empty">Whether anything fires is not known now.</p>;
  }
  if (isFiltered) return <p class="empty">No alert that matches fires.</p>;
  return view.watchdog?.firing === true ? (
    <p class="calm">
      <strong>No alert fires.</strong> The watchdog does, as it should: what is written can be read
      back. <span class="soft">Alerts would be shown here, the worst first.</span>
    </p>
  ) : (
    <p class="empty">
      No alert fires, and neither does the watchdog: nothing has shown lately that one could.
    </p>
  );
}
