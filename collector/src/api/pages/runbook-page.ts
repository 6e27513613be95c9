import type { AlertName } from '../../core/alerts/catalogue.ts';
import { ALERT_KINDS } from '../../core/alerts/catalogue.ts';
import { html } from './html.ts';
import { page } from './page.ts';

/** What one kind of alert means and what to do: its page of the documentation, as it is written. */
export function runbookPage(name: AlertName, text: string): string {
  return page(
    `${name} · Keyturn`,
    html`<header><h1>${name}</h1><p class="soft">${ALERT_KINDS[name].title}</p></header>
    <section><div class="runbook">${text}</div><p><a href="/status">Status</a></p></section>`,
    null,
  );
}
