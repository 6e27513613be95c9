import type { ComponentChildren } from 'preact';
import type { AlertDetailView, AlertReferenceView } from '../../../api/schemas/live-alerts.ts';
import { pathOf } from '../../route.ts';
import { Facts } from '../../ui/facts.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { RotationLinks } from '../../ui/rotation-links.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { SilenceLine } from './silences-part.tsx';

/** What an alert does to gates, who took it on, and what keeps it from being told. */
export function AlertConnections({ detail }: { readonly detail: AlertDetailView }) {
  const { advises, alert, inhibitor, inhibits, shuts, silence } = detail;
  return (
    <Facts
      facts={[
        ['gates', <Effect key="gates" detail={detail} />],
        shuts.length === 0 ? null : ['shuts those of', <RotationLinks key="shuts" of={shuts} />],
        advises.length === 0
          ? null
          : ['going back is advised for', <RotationLinks key="advises" of={advises} />],
        ['taken on', <TakenOn key="taken" alert={alert} />],
        ['told', <Told key="told" detail={detail} />],
        silence === null ? null : ['silenced', <SilenceLine key="silence" silence={silence} />],
        inhibitor === null ? null : ['told with', <Alerts key="by" of={[inhibitor]} />],
        inhibits.length === 0 ? null : ['is told for', <Alerts key="for" of={inhibits} />],
      ]}
    />
  );
}

function Effect({ detail: { alert } }: { readonly detail: AlertDetailView }) {
  const { advises_rollback: advises, shuts_gates: shuts } = alert;
  if (!shuts && !advises) return <>none are shut by it</>;
  const what = [
    ...(shuts ? ['shuts gates that lead on'] : []),
    ...(advises ? ['advises going back'] : []),
  ].join(' and ');
  return (
    <>
      {what}
      {alert.firing ? '' : ', while it fires'}
    </>
  );
}

function TakenOn({ alert: { acknowledged } }: Pick<AlertDetailView, 'alert'>) {
  if (acknowledged === null) return <>by nobody</>;
  return (
    <>
      by <Name text={acknowledged.by} />, <Ago at={acknowledged.at} />:{' '}
      <Sentence text={acknowledged.reason} />
    </>
  );
}

function Told({
  detail: { alert, told },
}: {
  readonly detail: AlertDetailView;
}): ComponentChildren {
  if (told === null) return alert.firing ? 'receivers were not told of it' : 'nothing';
  if (told.resolved) return 'that it is over';
  return `that it fires, ${told.severity}${told.no_data ? ', and that its end cannot be seen' : ''}`;
}

function Alerts({ of }: { readonly of: readonly AlertReferenceView[] }) {
  return (
    <ul class="plain-list">
      {of.map(({ id, name, summary }) => (
        <li key={id}>
          <a href={pathOf('alerts', id)}>{name}</a>: <Sentence text={summary} />
        </li>
      ))}
    </ul>
  );
}
