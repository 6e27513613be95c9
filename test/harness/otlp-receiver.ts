import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenOnLoopback } from './listen.ts';

/** A span as OTLP/JSON has it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** A metric as OTLP/JSON has it. */
export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly isMonotonic?: boolean; readonly dataPoints: readonly object[] };
  readonly gauge?: { readonly dataPoints: readonly object[] };
  readonly histogram?: { readonly dataPoints: readonly object[] };
}

/** Takes what an SDK exports over OTLP/HTTP as JSON. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly metrics: readonly ReceivedMetric[];
  /** Attributes of the resources that spoke. */
  readonly resources: readonly object[];
  close(): Promise<void>;
}

interface Exported {
  readonly resourceSpans?: readonly {
    readonly resource: object;
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly resource: object;
    readonly scopeMetrics: readonly { readonly metrics: readonly ReceivedMetric[] }[];
  }[];
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const resources: object[] = [];
  const take = ({ resourceSpans = [], resourceMetrics = [] }: Exported): void => {
    resources.push(...[...resourceSpans, ...resourceMetrics].map(({ resource }) => resource));
    spans.push(...resourceSpans.flatMap((of) => of.scopeSpans.flatMap((scope) => scope.spans)));
    metrics.push(
      ...resourceMetrics.flatMap((of) => of.scopeMetrics.flatMap((scope) => scope.metrics)),
    );
  };
  const server = createServer((request, response) => {
    json(request).then(
      (body) => {
        take(body as Exported);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.writeHead(400).end(),
    );
  });
  const listening = await listenOnLoopback(server);
  return { url: listening.url, spans, metrics, resources, close: () => listening.close() };
}
