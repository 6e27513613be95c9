import type { AlertGroupView, AlertLineView } from '../../../api/schemas/glance.ts';
import { pathOf } from '../../route.ts';
import { LeftOut } from '../../ui/left-out.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { SeverityBadge } from '../../ui/severity-badge.tsx';

/** Alerts, those that are told together in one group. */
export function AlertGroups({ groups }: { readonly groups: readonly AlertGroupView[] }) {
  return (
    <ul class="alert-groups">
      {groups.map((group) => (
        <Group key={group.group} group={group} />
      ))}
    </ul>
  );
}

function Group({ group }: { readonly group: AlertGroupView }) {
  const isFiring = group.alerts.some(({ firing }) => firing);
  return (
    <li class={`alert-group ${isFiring ? group.severity : 'past'}`}>
      <p class="alert-head">
        <SeverityBadge severity={group.severity} firing={isFiring} />
        <strong>{group.name}</strong>
        <span class="soft alert-title">{group.title}</span>
        {isFiring && group.shuts_gates ? <span class="tag closed">shuts gates</span> : null}
        {isFiring && group.advises_rollback ? (
          <span class="tag closed">advises going back</span>
        ) : null}
        <a href={group.runbook_url}>what to do</a>
      </p>
      <ul class="alert-lines">
        {group.alerts.map((alert) => (
          <Line key={alert.id} alert={alert} />
        ))}
      </ul>
      <LeftOut
        count={group.more}
        what="of this kind"
        where={`keyturn alerts --all --name ${group.name}`}
      />
    </li>
  );
}

function Line({ alert }: { readonly alert: AlertLineView }) {
  return (
    <li>
      <a href={pathOf('alerts', alert.id)}>
        <Sentence text={alert.summary} />
      </a>{' '}
      <span class="soft">
        <When alert={alert} />
        {alert.status === 'no_data' ? ' · whether it is over cannot be seen' : null}
        {alert.acknowledged_by === null ? null : (
          <>
            {' '}
            · taken on by <Name text={alert.acknowledged_by} />
          </>
        )}
        {alert.silenced ? ' · silenced' : null}
        {alert.inhibited ? ' · told with another' : null}
      </span>
    </li>
  );
}

function When({
  alert: { fired_at: fired, resolved_at: resolved, since_at: since },
}: {
  readonly alert: AlertLineView;
}) {
  if (resolved !== null) {
    return (
      <>
        over <Ago at={resolved} />
      </>
    );
  }
  return (
    <>
      {fired === null ? 'seen ' : 'fires since '}
      <Ago at={fired ?? since} />
    </>
  );
}
