import t from 'tap';
import { createLedger } from '../../src/ledger/memory-ledger.ts';
import { AGENT_INSTRUMENTS, type AgentInstrument } from '../../src/metric-names.ts';
import { type AgentReading, AgentReadings } from '../../src/telemetry/readings.ts';

const ISSUER = 'https://login.example.com';

function ledgerOf(cache: string) {
  return createLedger({
    id: { service: 'orders', instance: 'a', cache },
    profile: 'npm-jose',
    source: 'in_process',
    issuers: [ISSUER],
    cacheKind: 'any',
  });
}

function valueOf(
  readings: readonly AgentReading[],
  instrument: string,
  attribute = '',
): number | undefined {
  return readings.find(
    (reading) =>
      reading.instrument === instrument &&
      (attribute === '' || Object.values(reading.attributes).includes(attribute)),
  )?.value;
}

const read = (readings: AgentReadings, ...ledgers: ReturnType<typeof ledgerOf>[]) => [
  ...readings.read(ledgers, new Map([['verifier.count', 2]]), 10_000),
];

t.test('counts grow, and a verifier that goes takes nothing along', async (t) => {
  const readings = new AgentReadings();
  const [one, two] = [ledgerOf('one'), ledgerOf('two')];
  one.count(ISSUER, 'k1', 'ok', null, 0);
  two.count(ISSUER, 'k2', 'ok', null, 0);
  two.count(ISSUER, 'k2', 'bad_signature', null, 0);
  const both = read(readings, one, two);
  t.equal(valueOf(both, 'verifiers'), 2);
  t.same(
    both
      .filter((reading) => reading.instrument === 'verifications')
      .map(({ value, attributes }) => ({ value, attributes })),
    [
      { value: 2, attributes: { 'keyturn.issuer': ISSUER } },
      { value: 1, attributes: { 'keyturn.issuer': ISSUER, 'error.type': 'bad_signature' } },
    ],
    'no kid among the attributes',
  );
  one.count(ISSUER, 'k1', 'ok', null, 0);
  const after = read(readings, one);
  t.equal(valueOf(after, 'verifiers'), 1);
  t.equal(valueOf(after, 'verifications', ISSUER), 3);
  t.equal(valueOf(after, 'verifications', 'bad_signature'), 1);
  t.equal(valueOf(read(readings, one), 'verifications', ISSUER), 3, 'and is counted once');
  t.equal(valueOf(after, 'faults', 'verifier.count'), 2);
});

t.test('the way to the collector', async (t) => {
  const readings = new AgentReadings();
  const collector = 'c:1';
  t.equal(valueOf(read(readings), 'connected', 'disconnected'), 1);
  readings.take({ kind: 'connected', collector, over: 'stream' });
  t.equal(valueOf(read(readings), 'connected', 'connected'), 1);
  t.equal(valueOf(read(readings), 'breaks'), 0);
  readings.take({ kind: 'disconnected', collector, reason: 'x', retryInMs: 1 });
  t.equal(valueOf(read(readings), 'connected', 'connected'), 0);
  t.equal(valueOf(read(readings), 'breaks'), 1);
});

t.test('the oldest keys of an issuer', async (t) => {
  const [one, two] = [ledgerOf('one'), ledgerOf('two')];
  const nothing = {
    keys: [],
    attemptAtMs: null,
    consecutiveFailures: 0,
    lastError: null,
    nextRefreshAtMs: null,
    cooldownUntilMs: null,
    documentSha256: null,
    servedAtMs: null,
  };
  one.setKeys(ISSUER, { ...nothing, dataAtMs: 9_000 });
  two.setKeys(ISSUER, { ...nothing, dataAtMs: 4_000 });
  t.equal(valueOf(read(new AgentReadings(), one, two), 'keysAge', ISSUER), 6);
});

t.test("every instrument keeps to OpenTelemetry's rules and to a prefix of its own", async (t) => {
  for (const { name, unit, attributes } of Object.values<AgentInstrument>(AGENT_INSTRUMENTS)) {
    t.match(name, /^keyturn\.agent(?:\.[a-z_]+)+$/);
    t.notMatch(name, /(?:total|seconds|bytes)$/);
    t.ok(unit === 's' || /^\{[a-z]+\}$/.test(unit), unit);
    for (const attribute of attributes) t.notMatch(attribute, /kid|cache|instance/);
  }
});
