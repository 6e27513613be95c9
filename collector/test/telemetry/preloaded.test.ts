import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { pino } from 'pino';
import t from 'tap';
import { startCollector } from '../../src/collector.ts';
import { loadConfig } from '../../src/config/config.ts';
import { profiles } from '../../src/config/profiles.ts';
import { INSTRUMENTS } from '../../src/metric-names.ts';

class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

t.test('a provider that was there before the collector gets its metrics', async (t) => {
  const reader = new Reader();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const directory = mkdtempSync(path.join(tmpdir(), 'keyturn-preloaded-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const env = {
    KEYTURN_LISTEN_HTTP: '127.0.0.1:0',
    KEYTURN_LISTEN_GRPC: '127.0.0.1:0',
    KEYTURN_DATA: directory,
  };
  const config = loadConfig({ file: null, env, cwd: directory, profiles: profiles() });
  const collector = await startCollector({ config, log: pino({ level: 'silent' }) });
  t.teardown(() => collector.close());
  const { resourceMetrics, errors } = await reader.collect();
  t.same(errors, []);
  const names = resourceMetrics.scopeMetrics.flatMap((scope) =>
    scope.metrics.map(({ descriptor }) => descriptor.name),
  );
  const expected = [
    INSTRUMENTS.status,
    INSTRUMENTS.alerts,
    INSTRUMENTS.sessions,
    INSTRUMENTS.uptime,
  ];
  t.same(
    expected.map(({ name }) => name).filter((name) => !names.includes(name)),
    [],
  );
  t.match(resourceMetrics.scopeMetrics[0]?.scope, { name: 'keyturn-collector' });
});
