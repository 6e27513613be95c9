import { formatDuration } from '@keyturn/shared/settings.ts';
import { type Html, html } from './html.ts';

/** `3m ago`, with the moment itself at hand. */
export function ago(at: string, nowMs: number): Html {
  return html`<time datetime="${at}" title="${at}">${formatDuration(Math.max(0, nowMs - Date.parse(at)))} ago</time>`;
}

/** `in 3m (2026-11-23T10:15:00.000Z)`. */
export function until(at: string, nowMs: number): Html {
  const ms = Date.parse(at) - nowMs;
  return html`<time datetime="${at}">${ms > 0 ? `in ${formatDuration(ms)}` : 'now'} (${at})</time>`;
}
