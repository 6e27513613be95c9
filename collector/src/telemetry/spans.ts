import type { Metadata } from '@grpc/grpc-js';
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { Ack } from '@keyturn/shared/model/report.ts';

/** Does nothing, at the price of a call, while nobody has set a tracer provider. */
export const tracer = trace.getTracer('keyturn-collector');

/** What the caller of a call is doing, by its `traceparent`; the root where it says nothing. */
export function callersContext(metadata: Metadata): Context {
  return propagation.extract(ROOT_CONTEXT, metadata, {
    keys: (carrier) => Object.keys(carrier.getMap()),
    get: (carrier, key) => carrier.get(key).map(String),
  });
}

/** Takes reports in under a span that lasts until they are committed or refused. */
export function tracedReports(
  caller: Context,
  take: () => Promise<readonly Ack[]>,
): Promise<readonly Ack[]> {
  return tracer.startActiveSpan(
    'receive reports',
    { kind: SpanKind.CONSUMER },
    caller,
    async (span) => {
      try {
        const acks = await take();
        if (span.isRecording()) span.setAttributes(ackCounts(acks));
        return acks;
      } catch (error) {
        failed(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

/** Marks a span as failed. */
export function failed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
}

/** The span that is active where this is called; undefined while nothing is recorded. */
export function activeSpan(): Span | undefined {
  const span = trace.getSpan(context.active());
  return span?.isRecording() === true ? span : undefined;
}

function ackCounts(acks: readonly Ack[]): Record<string, number> {
  const counts: Record<string, number> = { 'keyturn.reports.count': acks.length };
  for (const { result } of acks) {
    const name = `keyturn.reports.${result}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
