import { type Context, type Span, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import t from 'tap';
import type { AlertRecord } from '../../src/core/alerts/alert.ts';
import { CommitTrace } from '../../src/telemetry/commit-trace.ts';

interface Ended {
  readonly name: string;
  readonly parentSpanContext?: { readonly spanId: string };
  readonly links: readonly { readonly context: { readonly spanId: string } }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number };
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

const ended: Ended[] = [];
const sdk = new NodeSDK({
  autoDetectResources: false,
  metricReaders: [],
  logRecordProcessors: [],
  spanProcessors: [
    {
      onStart: (_span: unknown, _under: Context) => undefined,
      onEnd: (span: unknown) => ended.push(span as Ended),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    },
  ],
});
sdk.start();
t.teardown(() => sdk.shutdown());
t.beforeEach(() => {
  ended.length = 0;
});

const call = (name: string): Span => trace.getTracer('test').startSpan(name);
const names = (): readonly string[] => ended.map((span) => span.name);
const none = (): void => undefined;

function alert(part: Partial<AlertRecord> = {}): AlertRecord {
  return {
    id: 'al-1',
    name: 'VerificationFailures',
    labels: { issuer: 'https://issuer.example' },
    severity: 'critical',
    status: 'firing',
    sinceMs: 1_000,
    firedAtMs: 1_000,
    resolvedAtMs: null,
    changedAtMs: 1_000,
    transition: 1,
    summary: 'one kid, two keys',
    details: [],
    acknowledged: null,
    told: null,
    ...part,
  };
}

const write = (record: AlertRecord) => ({ kind: 'alert', record }) as const;

t.test('a commit is under the call that waits for it, and linked to the others', async (t) => {
  const [a, b] = [call('a'), call('b')];
  new CommitTrace().commit([], 1_000, [a, b], none);
  t.same(names(), ['commit']);
  t.equal(ended[0]?.parentSpanContext?.spanId, a.spanContext().spanId);
  t.same(
    ended[0]?.links.map((link) => link.context.spanId),
    [b.spanContext().spanId],
  );
});

t.test('nobody waits, nothing changes: nothing is shown', async (t) => {
  new CommitTrace().commit([write(alert({ changedAtMs: 5 }))], 1_000, [], none);
  new CommitTrace().commit([], 1_000, [], none);
  t.same(
    names().filter((name) => name !== 'commit'),
    ['change alert'],
  );
});

t.test('an alert that a later judgement raises is in the trace of the report', async (t) => {
  const commits = new CommitTrace();
  const report = call('report');
  commits.commit([], 1_000, [report], none);
  commits.commit([write(alert())], 1_000, [], none);
  t.same(names(), ['commit', 'change alert', 'commit']);
  const [, change, commit] = ended;
  t.equal(change?.spanContext().traceId, report.spanContext().traceId);
  t.equal(change?.parentSpanContext?.spanId, commit?.spanContext().spanId);
  t.same(
    change?.links.map((link) => link.context.spanId),
    [report.spanContext().spanId],
  );
  t.match(change?.attributes, {
    'keyturn.alert.name': 'VerificationFailures',
    'keyturn.alert.severity': 'critical',
    'keyturn.alert.status': 'firing',
  });
  t.notMatch(
    JSON.stringify(change?.attributes),
    /issuer\.example|two keys/,
    'no text from outside',
  );
});

t.test('a change is shown once, however often its record is written', async (t) => {
  const commits = new CommitTrace();
  commits.commit([write(alert())], 1_000, [], none);
  commits.commit([write(alert({ summary: 'still' }))], 1_000, [], none);
  commits.commit([write(alert({ summary: 'still so' }))], 2_000, [], none);
  commits.commit(
    [write(alert({ status: 'resolved', transition: 2, changedAtMs: 3_000 }))],
    3_000,
    [],
    none,
  );
  t.equal(names().filter((name) => name === 'change alert').length, 2);
});

t.test('a report of long ago, or one that cannot have caused it, is left out', async (t) => {
  const rows: [string, Partial<AlertRecord>, number][] = [
    ['long ago', { changedAtMs: 9_000 }, 9_000],
    ['not of reports', { name: 'JwksUnreachable', changedAtMs: 2_000 }, 2_000],
  ];
  for (const [name, part, atMs] of rows) {
    const commits = new CommitTrace();
    const report = call('report');
    commits.commit([], 1_000, [report], none);
    commits.commit([write(alert(part))], atMs, [], none);
    t.not(ended.at(-1)?.spanContext().traceId, report.spanContext().traceId, name);
    t.same(ended.at(-2)?.links, [], name);
  }
});

t.test(
  'a refused commit is an error, told on, and its alert is shown when it is through',
  async (t) => {
    const commits = new CommitTrace();
    const refuse = (): void => {
      throw new Error('disk full');
    };
    t.throws(() => commits.commit([write(alert())], 1_000, [call('a')], refuse), /disk full/);
    t.same(names(), ['commit']);
    t.equal(ended[0]?.status.code, 2);
    commits.commit([write(alert())], 2_000, [], none);
    t.ok(names().includes('change alert'));
  },
);
