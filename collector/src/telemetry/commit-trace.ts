import { type Context, type Link, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import type { AlertRecord } from '../core/alerts/alert.ts';
import type { Write } from '../core/writes.ts';
import { failed, tracer } from './spans.ts';

/** Callers remembered of what was not judged yet; more are served, and not linked. */
const CAUSES_MAX = 32;

/**
 * Shows in traces what the engine does with what it was handed: the commit under the call that waits
 * for it, and each change of an alert under the commit, linked to all calls since rules were judged last.
 */
export class CommitTrace {
  /** Of calls whose input the rules have not judged yet. */
  #unjudged: Span[] = [];
  readonly #told = new Map<string, number>();
  #committedAtMs = 0;

  /** Every rule has been judged, and what came of it is committed. */
  judged(): void {
    this.#unjudged = [];
  }

  /**
   * `callers`: spans of the calls that wait for it.
   *
   * @throws what `commit` throws.
   */
  commit(
    writes: readonly Write[],
    nowMs: number,
    callers: readonly Span[],
    commit: () => void,
  ): void {
    const alerts = this.#changes(writes);
    const [first, ...others] = callers.length > 0 ? callers : this.#unjudged;
    this.#unjudged = [...this.#unjudged, ...callers].slice(0, CAUSES_MAX);
    if (first === undefined && alerts.length === 0) {
      commit();
    } else {
      this.#traced(first, others.slice(0, CAUSES_MAX), writes.length, alerts, commit);
    }
    for (const { id, transition } of alerts) this.#told.set(id, transition);
    this.#committedAtMs = nowMs;
  }

  #traced(
    parent: Span | undefined,
    others: readonly Span[],
    writes: number,
    alerts: readonly AlertRecord[],
    commit: () => void,
  ): void {
    const under = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
    const attributes = { 'keyturn.commit.writes': writes };
    const span = tracer.startSpan('commit', { attributes, links: linksTo(others) }, under);
    try {
      commit();
      for (const alert of alerts) this.#show(alert, trace.setSpan(under, span));
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  #show(alert: AlertRecord, under: Context): void {
    const attributes = {
      'keyturn.alert.id': alert.id,
      'keyturn.alert.name': alert.name,
      'keyturn.alert.severity': alert.severity,
      'keyturn.alert.status': alert.status,
    };
    const links = linksTo(this.#unjudged);
    tracer.startSpan('change alert', { attributes, links }, under).end();
  }

  /** Alerts among the writes whose status changed and was not told of before. */
  #changes(writes: readonly Write[]): readonly AlertRecord[] {
    const alerts = writes.flatMap((write) => (write.kind === 'alert' ? [write.record] : []));
    for (const write of writes)
      if (write.kind === 'alert_removed') this.#told.delete(write.record.id);
    return alerts.filter(
      ({ id, transition, changedAtMs }) =>
        changedAtMs >= this.#committedAtMs && this.#told.get(id) !== transition,
    );
  }
}

function linksTo(spans: readonly Span[]): Link[] {
  return spans.map((span) => ({ context: span.spanContext() }));
}
