import type { MetricSources } from './register-metrics.ts';

/** Metrics as Prometheus scrapes them. */
export interface PrometheusText {
  /** Media type of `read`'s text. */
  readonly contentType: string;
  read(): Promise<string>;
}

/** What the process calls itself in `target_info`. */
export interface ServiceName {
  readonly name: string;
  readonly version: string;
}

/**
 * The text for `/metrics`. Nothing of the SDK is loaded before somebody asks, so a collector that
 * nobody scrapes pays nothing; the histogram starts then as well.
 */
export function prometheusText(sources: MetricSources, service: ServiceName): PrometheusText {
  let reader: Promise<() => Promise<string>> | null = null;
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    async read() {
      reader ??= import('./prometheus-reader.ts').then(({ prometheusReader }) =>
        prometheusReader(sources, service),
      );
      return (await reader)();
    },
  };
}
