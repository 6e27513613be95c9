import { type Context, type Link, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import type { AlertRecord } from '../core/alerts/alert.ts';
import type { AlertName } from '../core/alerts/catalogue.ts';
import type { Write } from '../core/writes.ts';
import { failed, tracer } from './spans.ts';

/** Callers a span is linked to; more are served, and not linked. */
const LINKS_MAX = 32;

/** What a report says is judged when its bin has ended, at the next tick: within this time. */
const JUDGED_WITHIN_MS = 3_000;

/** Alerts that reports raise or end; all others come of silence, of the JWKS or of the collector itself. */
const FROM_REPORTS: ReadonlySet<AlertName> = new Set<AlertName>([
  'VerificationFailures',
  'NewKeyFailing',
  'ForeignKidFlood',
  'StaleCache',
  'OldKeyStillSigning',
  'RetiredKeyAccepted',
  'NewKeyNotServed',
  'HiddenDependent',
  'DuplicateIdentity',
  'ReportsRejected',
  'BogusSignatureAccepted',
]);

/**
 * Shows in traces what the engine does with what it was handed: the commit under the call that waits
 * for it, and each change of an alert under the commit that wrote it. Where reports can have caused the
 * change, it is in the trace of the last one before it and linked to the others.
 */
export class CommitTrace {
  readonly #told = new Map<string, number>();
  /** Latest last. */
  #callers: { readonly span: Span; readonly atMs: number }[] = [];
  #committedAtMs = 0;

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
    this.#remember(callers, nowMs);
    const alerts = this.#changes(writes);
    if (callers.length === 0 && alerts.length === 0) commit();
    else this.#traced(callers, writes.length, alerts, commit);
    for (const { id, transition } of alerts) this.#told.set(id, transition);
    this.#committedAtMs = nowMs;
  }

  #remember(callers: readonly Span[], nowMs: number): void {
    const recent = this.#callers.filter(({ atMs }) => nowMs - atMs <= JUDGED_WITHIN_MS);
    this.#callers = [...recent, ...callers.map((span) => ({ span, atMs: nowMs }))].slice(
      -LINKS_MAX,
    );
  }

  #traced(
    callers: readonly Span[],
    writes: number,
    alerts: readonly AlertRecord[],
    commit: () => void,
  ): void {
    const [first, ...others] = callers;
    const parent = first ?? (alerts.some(isFromReports) ? this.#callers.at(-1)?.span : undefined);
    const under = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
    const attributes = { 'keyturn.commit.writes': writes };
    const links = linksTo(others.slice(0, LINKS_MAX));
    const span = tracer.startSpan('commit', { attributes, links }, under);
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
    const links = isFromReports(alert) ? linksTo(this.#callers.map(({ span }) => span)) : [];
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

function isFromReports({ name }: AlertRecord): boolean {
  return FROM_REPORTS.has(name);
}

function linksTo(spans: readonly Span[]): Link[] {
  return spans.map((span) => ({ context: span.spanContext() }));
}
