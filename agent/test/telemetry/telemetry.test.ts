import * as api from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import t from 'tap';
import { createAgent } from '../../src/index.ts';
import type { OpenTelemetryLike } from '../../src/telemetry/open-telemetry.ts';
import { AgentTelemetry } from '../../src/telemetry/telemetry.ts';

interface Ended {
  readonly name: string;
  readonly parentSpanContext?: object;
  spanContext(): { readonly traceId: string };
}

const ended: Ended[] = [];
const sdk = new NodeSDK({
  autoDetectResources: false,
  metricReaders: [],
  logRecordProcessors: [],
  spanProcessors: [
    {
      onStart: () => undefined,
      onEnd: (span: unknown) => ended.push(span as Ended),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    },
  ],
});
sdk.start();
t.teardown(() => sdk.shutdown());

const guard = <T>(_where: string, work: () => T): T | undefined => work();

t.test('a session has a trace of its own, whatever request happened to open it', async (t) => {
  const metadata = new AgentTelemetry(api).metadata({ guard });
  const request = api.trace.getTracer('app').startSpan('a request');
  const baggage = api.propagation.createBaggage({ user: { value: 'alice' } });
  const during = api.propagation.setBaggage(api.trace.setSpan(api.ROOT_CONTEXT, request), baggage);
  const carried = api.context.with(during, metadata).getMap();
  t.same(Object.keys(carried), ['traceparent'], 'and none of its baggage');
  const [span] = ended;
  t.equal(span?.name, 'report to collector');
  t.equal(span?.parentSpanContext, undefined);
  t.match(carried['traceparent'], new RegExp(`^00-${span?.spanContext().traceId}-`));
  t.not(span?.spanContext().traceId, request.spanContext().traceId);
});

t.test('an API that fails is a fault, and the agent goes on', async (t) => {
  const fail = (): never => {
    throw new Error('broken');
  };
  const broken: OpenTelemetryLike = {
    ...api,
    trace: { getTracer: fail, setSpan: fail },
    propagation: { inject: fail },
  };
  const faults: string[] = [];
  const metadata = new AgentTelemetry(broken).metadata({
    guard: (where, work) => {
      try {
        return work();
      } catch {
        faults.push(where);
        return undefined;
      }
    },
  });
  t.same(metadata().getMap(), {});
  t.same(faults, ['telemetry.metadata']);
});

t.test('what is not the API is refused by name', async (t) => {
  const options = { service: 'orders', issuer: 'https://login.example.com' };
  for (const openTelemetry of [{}, 7, null, { metrics: {} }] as unknown[]) {
    t.throws(
      () => createAgent({ ...options, openTelemetry: openTelemetry as OpenTelemetryLike }),
      /openTelemetry: expected the API of @opentelemetry\/api, got one without/,
    );
  }
  const agent = createAgent({ ...options, openTelemetry: api });
  await agent.close();
  t.equal(agent.faults.size, 0);
});
