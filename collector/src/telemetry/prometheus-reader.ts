import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type MetricData, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { ServiceName } from './prometheus-text.ts';
import { withUnit } from './prometheus-name.ts';
import { type MetricSources, registerMetrics } from './register-metrics.ts';

/** Series of one instrument; settings bound them already, and the SDK's own bound is 2,000. */
export const SERIES_MAX = 50_000;

/** Registers every instrument with a provider of its own. Gives how to read them. */
export function prometheusReader(
  sources: MetricSources,
  service: ServiceName,
): () => Promise<string> {
  const reader = new PullReader({ cardinalitySelector: () => SERIES_MAX });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': service.name,
      'service.version': service.version,
    }),
    readers: [reader],
  });
  registerMetrics(provider.getMeter('keyturn-collector', service.version), sources);
  // Without scope labels, as what receives OTLP leaves them out too.
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  return async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be read');
    return serializer.serialize({
      ...resourceMetrics,
      scopeMetrics: resourceMetrics.scopeMetrics.map((scope) => ({
        ...scope,
        metrics: scope.metrics.map(canonical),
      })),
    });
  };
}

/** Reads when it is asked to. */
class PullReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** The serializer appends `_total` and no units; what receives OTLP appends both. */
function canonical(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  return { ...metric, descriptor: { ...metric.descriptor, name: withUnit(name, unit), unit: '' } };
}
