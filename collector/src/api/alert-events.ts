import type { AlertRecord } from '../core/alerts/alert.ts';
import type { Engine } from '../engine-port.ts';
import { alertViews } from './views/alert.ts';

/**
 * Makes a reader's source of server-sent events about alerts: the first call gives one for each that
 * fires or waits to, each later one those that differ from what was given before. One that is resolved
 * is told once more, then forgotten.
 */
export function alertEvents(engine: Engine): () => string[] {
  const seen = new Map<string, string>();
  return () => {
    const state = engine.state();
    const events: string[] = [];
    const viewOf = alertViews(state, engine.nowMs());
    for (const alert of state.alerts.values()) {
      const isOver = alert.status === 'resolved';
      if (isOver && !seen.has(alert.id)) continue;
      const data = JSON.stringify(viewOf(alert));
      if (seen.get(alert.id) === data) continue;
      if (isOver) seen.delete(alert.id);
      else seen.set(alert.id, data);
      events.push(`event: alert\nid: ${alert.id}.${alert.transition}\ndata: ${data}\n\n`);
    }
    forgetGone(seen, state.alerts.values());
    return events;
  };
}

/** One that waited and never came to fire leaves without a word. */
function forgetGone(seen: Map<string, string>, alerts: Iterable<AlertRecord>): void {
  const ids = new Set([...alerts].map(({ id }) => id));
  for (const id of seen.keys()) if (!ids.has(id)) seen.delete(id);
}
