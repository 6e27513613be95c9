import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { startChild } from '../harness/child.ts';
import { startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from '../harness/otlp-receiver.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { acceptedBytes, helloBytes, rawSession, reportBytes } from './raw-fleet.ts';

/** The agent's side of the trace, as W3C Trace Context has it. */
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

async function startTraced(
  t: Test,
  env: (receiver: OtlpReceiver) => Record<string, string>,
  services: readonly object[] = [{ name: 'orders' }],
) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const receiver = await startOtlpReceiver();
  cleanup.add('receiver', () => receiver.close());
  const server = await startKeySetServer([]);
  cleanup.add('issuer', () => server.close());
  const { issuer, jwksUri } = server;
  const collector = await startCollectorProcess(
    directory,
    { issuers: [{ issuer, jwks_uri: jwksUri }], services },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env(receiver) },
  );
  cleanup.add('collector', () => collector.child.kill());
  const report = async (headers: Record<string, string> = {}) => {
    const session = rawSession(collector.grpc, headers);
    cleanup.add('session', () => session.close());
    session.send(helloBytes({ instance: 'a', issuer }));
    await session.welcome();
    session.send(reportBytes(1, 1, acceptedBytes(issuer, 'k1', 5n)));
    await session.acks();
  };
  return { receiver, collector, report, directory, cleanup, issuer };
}

t.test('a report is one trace from the agent to the commit', async (t) => {
  const { receiver, report } = await startTraced(t, ({ url }) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }));
  await report({ traceparent: `00-${TRACE}-${SPAN}-01` });
  const received = await eventually('the report', () =>
    receiver.spans.find((span) => span.name === 'receive reports'),
  );
  t.match(received, { traceId: TRACE, parentSpanId: SPAN });
  t.match(
    received.attributes.find(({ key }) => key === 'keyturn.reports.applied'),
    { value: { intValue: 1 } },
  );
  const commit = await eventually('the commit', () =>
    receiver.spans.find((span) => span.name === 'commit' && span.traceId === TRACE),
  );
  t.equal(commit.parentSpanId, received.spanId);
  t.same(receiver.metrics, [], 'and no metrics, as nobody asked for them');
});

t.test('an alert is in the trace of the report that raised it', async (t) => {
  const { receiver, report } = await startTraced(
    t,
    ({ url }) => ({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    }),
    [{ name: 'billing' }],
  );
  await report({ traceparent: `00-${TRACE}-${SPAN}-01` });
  const named = (name: string, span: ReceivedSpan): boolean =>
    span.attributes.some(({ value }) => JSON.stringify(value).includes(`"${name}"`));
  const change = await eventually('the alert', () =>
    receiver.spans.find((span) => span.name === 'change alert' && named('HiddenDependent', span)),
  );
  t.equal(change.traceId, TRACE);
  const commit = receiver.spans.find((span) => span.spanId === change.parentSpanId);
  t.equal(commit?.name, 'commit');
  const received = receiver.spans.find((span) => span.name === 'receive reports');
  t.equal(commit?.parentSpanId, received?.spanId);
  t.same(
    change.links?.map((link) => link.spanId),
    [received?.spanId],
  );
});

t.test('metrics over OTLP have the names of the catalogue', async (t) => {
  const { receiver, collector, report } = await startTraced(t, ({ url }) => ({
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/v1/metrics`,
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_SERVICE_NAME: 'keyturn-east',
  }));
  await report();
  const of = (name: string) =>
    eventually(name, () => receiver.metrics.findLast((metric) => metric.name === name));
  t.match(await of('keyturn.token.verifications'), {
    unit: '{verification}',
    sum: { isMonotonic: true, aggregationTemporality: 2 },
  });
  t.match(await of('keyturn.jwks.age'), { unit: 's', gauge: {} });
  t.match(await of('keyturn.store.commit.duration'), { unit: 's', histogram: {} });
  const resource = JSON.stringify(receiver.resources.at(-1));
  t.match(resource, /"service.name","value":\{"stringValue":"keyturn-east"\}/);
  t.match(resource, /"deployment.environment.name"/);
  const scraped = await (await fetch(`${collector.url}/metrics`)).text();
  t.match(scraped, /^keyturn_token_verifications_total\{.*\} 5$/m, '/metrics is there as well');
  t.same(receiver.spans, [], 'no traces');
});

t.test('a sidecar exports its own metrics, and its trace goes on in the collector', async (t) => {
  const { receiver, collector, directory, cleanup, issuer } = await startTraced(t, ({ url }) => ({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }));
  const port = await freePort();
  const file = join(directory, 'agent.yaml');
  const verifier = { service: 'orders', instance: 'a', name: 'jwks', via: 'push' };
  await writeFile(
    file,
    stringify({
      collector: { address: collector.grpc },
      proxy: { listen: '127.0.0.1:0' },
      push: { listen: `127.0.0.1:${port}` },
      issuers: [{ issuer, shared_secrets: true }],
      verifiers: [verifier],
    }),
  );
  const child = startChild({
    name: 'keyturn-agent',
    entry: PROGRAMS.agent,
    args: ['--config', file],
    cwd: directory,
    env: plainEnvironment({
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=edge',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      OTEL_METRIC_EXPORT_TIMEOUT: '200',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    }),
  });
  cleanup.add('sidecar', () => child.kill());
  await eventually('the push API answers', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/verifiers/orders/a/jwks/keys`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ boot: 'b1', issuer, keys: [] }),
    });
    return answer.ok || undefined;
  });
  const sent = await eventually('the sidecar’s span', () =>
    receiver.spans.find((span) => span.name === 'report to collector'),
  );
  t.notOk(sent.parentSpanId, 'a trace of its own');
  const received = await eventually('the report', () =>
    receiver.spans.find((span) => span.name === 'receive reports' && span.traceId === sent.traceId),
  );
  t.equal(received.parentSpanId, sent.spanId);
  t.match(JSON.stringify(receiver.resources), /"service.name","value":\{"stringValue":"edge"\}/);
  const pointsOf = (name: string) =>
    eventually(name, () => receiver.metrics.findLast((metric) => metric.name === name)?.sum);
  t.match(await pointsOf('keyturn.agent.verifiers'), { dataPoints: [{ asDouble: 1 }] });
  await eventually('it is connected', async () => {
    const { dataPoints } = await pointsOf('keyturn.agent.session.status');
    return /"connected"\}\}\],[^[]*"asDouble":1/.test(JSON.stringify(dataPoints)) || undefined;
  });
  await child.stop(8_000);
});

t.test('an endpoint that is away keeps nothing from working or stopping', async (t) => {
  const { collector, receiver, report } = await startTraced(t, ({ url }) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_METRIC_EXPORT_INTERVAL: '100',
    OTEL_METRIC_EXPORT_TIMEOUT: '50',
  }));
  await receiver.close();
  await report();
  await collector.child.line(/"part":"telemetry"/, 10_000);
  const startedMs = performance.now();
  await collector.child.stop(8_000);
  t.ok(performance.now() - startedMs < 6_000, 'stopped by itself');
});

t.test('what cannot be followed is named', async (t) => {
  const cleanup = teardownWith(t);
  const cwd = await tempDirectory(cleanup);
  for (const options of [[], ['--check']]) {
    const ended = await runToEnd({
      args: [PROGRAMS.collector, ...options],
      cwd,
      env: plainEnvironment({
        OTEL_METRICS_EXPORTER: 'otlp,prometheus',
        OTEL_TRACES_EXPORTER: 'jaeger',
      }),
    });
    t.equal(ended.code, 2, options.join());
    t.match(ended.stderr, /OTEL_METRICS_EXPORTER: expected prometheus by itself/);
    t.match(ended.stderr, /OTEL_TRACES_EXPORTER: expected otlp, console, none, got "jaeger"/);
  }
});
