import t from 'tap';
import { type Signals, signalsOf } from '../../src/telemetry/signals.ts';

const NONE: Signals = { metrics: false, traces: false };
const BOTH: Signals = { metrics: true, traces: true };
const METRICS: Signals = { metrics: true, traces: false };
const TRACES: Signals = { metrics: false, traces: true };

t.test('what is exported', (t) => {
  const rows: [Record<string, string>, Signals][] = [
    [{}, NONE],
    [{ OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'a=b', OTEL_TRACES_SAMPLER: 'x' }, NONE],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, BOTH],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, NONE],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://x' }, METRICS],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x' }, TRACES],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_METRICS_EXPORTER: 'none' }, TRACES],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_METRICS_EXPORTER: 'prometheus' }, TRACES],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }, METRICS],
    [{ OTEL_TRACES_EXPORTER: 'console, otlp' }, TRACES],
    [{ OTEL_TRACES_EXPORTER: 'none' }, NONE],
    [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, NONE],
  ];
  for (const [env, signals] of rows) {
    t.strictSame(signalsOf(env, true), { signals, problems: [] }, JSON.stringify(env));
  }
  t.end();
});

t.test('what cannot be followed', (t) => {
  const rows: [Record<string, string>, RegExp][] = [
    [{ OTEL_METRICS_EXPORTER: 'statsd' }, /OTEL_METRICS_EXPORTER: expected otlp, .*"statsd"/],
    [{ OTEL_METRICS_EXPORTER: 'otlp,prometheus' }, /prometheus by itself/],
    [{ OTEL_TRACES_EXPORTER: 'prometheus' }, /OTEL_TRACES_EXPORTER: .*got "prometheus"/],
    [{ OTEL_TRACES_EXPORTER: `x\u001b[31m${'y'.repeat(500)}` }, /got "x\\u001b\[31my{58}"$/],
  ];
  for (const [env, message] of rows) {
    const [problem] = signalsOf(env, true).problems;
    t.match(`${problem?.variable}: ${problem?.message}`, message);
  }
  t.match(signalsOf({ OTEL_METRICS_EXPORTER: 'prometheus' }, false).problems, [
    { variable: 'OTEL_METRICS_EXPORTER', message: /^expected otlp, console, none, got/ },
  ]);
  t.end();
});
