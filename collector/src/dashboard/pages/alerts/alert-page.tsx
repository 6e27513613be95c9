import type { AlertView } from '../../../api/schemas/alert.ts';
import type { AlertDetailView } from '../../../api/schemas/live-alerts.ts';
import { AlertActs } from '../../acts/alert-acts.tsx';
import { useView } from '../../live/use-view.ts';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { SeverityBadge } from '../../ui/severity-badge.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { useTitle } from '../../use-title.ts';
import { AlertConnections } from './alert-connections.tsx';
import { AlertFactList } from './alert-facts.tsx';
import { AlertTrail } from './alert-trail.tsx';

const WORDS: Readonly<Record<AlertView['status'], string>> = {
  firing: 'FIRING',
  no_data: 'FIRING, END NOT SEEN',
  pending: 'WAITS TO FIRE',
  resolved: 'RESOLVED',
};

/** One alert: what it says, what it does, what was done about it. */
export function AlertPage({ id }: { readonly id: string }) {
  const detail = useView('alert', id);
  useTitle(
    detail == null ? 'Alert' : `${detail.alert.firing ? 'Firing' : 'Over'}: ${detail.alert.name}`,
  );
  if (detail === undefined) return <Waiting value={detail} missing="" />;
  return (
    <>
      <p class="soft up">
        <a href="/alerts">All alerts</a>
      </p>
      {detail === null ? <Forgotten /> : <Present detail={detail} />}
      <AlertTrail id={id} transition={detail?.transition ?? 0} />
    </>
  );
}

function Forgotten() {
  return (
    <>
      <h1>Alert</h1>
      <p>
        There is no alert with this id, or it was resolved more than a day ago. What is on record of
        it is in the audit trail below.
      </p>
    </>
  );
}

function Present({ detail }: { readonly detail: AlertDetailView }) {
  const { alert } = detail;
  return (
    <>
      <h1 class="alert-heading">
        <SeverityBadge severity={alert.severity} firing={alert.firing} />
        {alert.name}
        <span class={`tag ${alert.firing ? 'closed' : ''}`} role="status">
          {WORDS[alert.status]}
        </span>
      </h1>
      <div class="lead">
        <p>
          <Sentence text={alert.summary} />
        </p>
        <p class="soft">
          {alert.title}. <a href={alert.runbook_url}>What it means and what to do</a>
        </p>
        <AlertActs alert={alert} />
      </div>
      <div class="columns">
        <Card title="What was seen">
          <AlertFactList detail={detail} />
          {alert.details.length === 0 ? null : (
            <ul class="details">
              {alert.details.map((text) => (
                <li key={text}>
                  <Sentence text={text} />
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Card title="What it does, and who knows">
          <AlertConnections detail={detail} />
          <Commands alert={alert} />
        </Card>
      </div>
    </>
  );
}

/** The same by command. */
function Commands({ alert }: { readonly alert: AlertView }) {
  const { acknowledged, firing, id, silenced_by: silence } = alert;
  const commands = [
    ...(firing && acknowledged === null ? [`keyturn alerts ack ${id} --reason "why"`] : []),
    ...(firing && silence === null ? [`keyturn alerts silence ${id} --for 2h --reason "why"`] : []),
    ...(silence === null ? [] : [`keyturn alerts unsilence ${silence} --reason "why"`]),
    `keyturn alerts show ${id}`,
  ];
  return (
    <>
      <h3>By command</h3>
      <ul class="plain-list">
        {commands.map((command) => (
          <li key={command}>
            <Command text={command} />
          </li>
        ))}
      </ul>
    </>
  );
}
