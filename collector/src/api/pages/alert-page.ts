import type { AlertView } from '../schemas/alert.ts';
import { alertNotes } from './alert-section.ts';
import { type Html, html, name } from './html.ts';
import { page } from './page.ts';
import { ago } from './times.ts';

const REFRESH_S = 5;

/** One alert, for whoever followed a link to it. */
export function alertPage(alert: AlertView, nowMs: number): string {
  const labels = Object.entries(alert.labels);
  return page(
    `${alert.name} · Keyturn`,
    html`<header><h1>${alert.name}</h1><p class="soft">${alert.title}</p></header>
    <section><h2>${state(alert)}</h2>
      <p>${alert.summary}</p>
      ${alert.details.length === 0 ? null : html`<ul>${alert.details.map((detail) => html`<li>${detail}</li>`)}</ul>`}
      <p class="soft">${alert.severity} · first seen ${ago(alert.since_at, nowMs)}${alert.resolved_at === null ? null : html` · over ${ago(alert.resolved_at, nowMs)}`}${alertNotes(alert)}</p>
      ${alert.acknowledged === null ? null : html`<p>${name(alert.acknowledged.by)}: ${alert.acknowledged.reason}</p>`}
      ${labels.length === 0 ? null : html`<table>${labels.map(([label, value]) => html`<tr><th>${label}</th><td>${name(value)}</td></tr>`)}</table>`}
      ${effects(alert)}
      <p><a href="${alert.runbook_url}">What it means and what to do</a> · <a href="/status">Status</a></p>
      ${alert.firing && alert.acknowledged === null ? html`<p class="soft">To take it on: <code>keyturn alerts ack ${alert.id} --reason "why"</code></p>` : null}
    </section>`,
    alert.status === 'resolved' ? null : REFRESH_S,
  );
}

function state(alert: AlertView): Html {
  return html`<span class="word ${alert.firing ? 'closed' : 'soft'}">${alert.status.replace('_', ' ').toUpperCase()}</span>`;
}

function effects(alert: AlertView): Html | null {
  if (!alert.firing) return null;
  const what = [
    ...(alert.shuts_gates ? ['gates that lead on are shut'] : []),
    ...(alert.advises_rollback ? ['going back is advised'] : []),
  ];
  return what.length === 0 ? null : html`<p>While it fires, ${what.join(' and ')}.</p>`;
}
