import { counted } from '@keyturn/shared/model/counted.ts';
import { alertUrl } from '../../links.ts';
import type { AlertView } from '../schemas/alert.ts';
import { type Html, html, name } from './html.ts';
import { ago } from './times.ts';

const SEVERITY_CLASS = { critical: 'closed', warning: 'unknown', info: 'soft' } as const;

/** What fires, above everything else, together where it belongs together; null when nothing does. */
export function alertSection(
  alerts: readonly AlertView[],
  more: number,
  nowMs: number,
): Html | null {
  if (alerts.length === 0) return null;
  const groups = Map.groupBy(alerts, ({ group }) => group);
  return html`<section class="alarm" aria-label="Alerts">
    <h2>${counted(alerts.length + more, 'alert')} firing</h2>
    ${[...groups.values()].map((group) => alertGroup(group, nowMs))}
    ${more > 0 ? html`<p class="soft">${more} more: <code>keyturn alerts</code></p>` : null}
  </section>`;
}

function alertGroup(alerts: readonly AlertView[], nowMs: number): Html {
  const [first] = alerts;
  if (first === undefined) return html``;
  return html`<div class="reason">
    <p><span class="word ${SEVERITY_CLASS[first.severity]}">${first.severity.toUpperCase()}</span> <strong>${first.name}</strong> · <a href="${first.runbook_url}">what to do</a></p>
    <p class="soft">${first.title}</p>
    <ul>${alerts.map((alert) => alertLine(alert, nowMs))}</ul>
  </div>`;
}

function alertLine(alert: AlertView, nowMs: number): Html {
  return html`<li><a href="${alertUrl('/status', alert.id)}">${alert.summary}</a> <span class="soft">since ${ago(alert.fired_at ?? alert.since_at, nowMs)}${alertNotes(alert)}</span></li>`;
}

/** What else there is to know of an alert in a line: unseen, taken on, kept quiet. */
export function alertNotes(alert: AlertView): Html {
  return html`${alert.status === 'no_data' ? ' · whether it is over cannot be seen' : ''}${
    alert.acknowledged === null ? null : html` · taken on by ${name(alert.acknowledged.by)}`
  }${alert.silenced_by === null ? '' : ' · silenced'}${alert.inhibited_by === null ? '' : ' · told with another'}`;
}
