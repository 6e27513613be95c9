import { once } from 'node:events';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { systemClock } from '@keyturn/shared/clock.ts';
import {
  acksFromWire,
  goodbyeToWire,
  helloToWire,
  reportsToWire,
  settingsFromWire,
  welcomeFromWire,
} from '@keyturn/shared/wire/codec.ts';
import {
  FleetServiceClient,
  FleetServiceService,
  type ReportRequest,
  type ReportResponse,
  type SessionResponse,
} from '@keyturn/shared/wire/services.ts';
import t, { type Test } from 'tap';
import { createEngine } from '../../src/engine.ts';
import { startGrpcServer } from '../../src/grpc-server.ts';
import { fleetService } from '../../src/ingest/fleet-service.ts';
import { type Identify, trustReach } from '../../src/ingest/identify.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { ISSUER, OLD, policyOf, serviceOf } from '../support/policies.ts';

const BOOT = 'ab'.repeat(16);

async function serving(t: Test, identify: Identify = trustReach) {
  const refused: string[] = [];
  const engine = createEngine({
    policy: policyOf([serviceOf('orders')]),
    store: openMemoryStore(),
    clock: systemClock,
    events: { storeFailing() {}, storeRecovered() {}, committed() {} },
  });
  const events = {
    sessionStarted() {},
    sessionEnded() {},
    messageRefused: (_peer: string, field: string) => refused.push(field),
    reportsTaken() {},
    probesAnswered() {},
    failed: (_peer: string, error: unknown) => t.fail(String(error)),
  };
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0 }, null, (grpc) =>
    grpc.addService(FleetServiceService, { ...fleetService({ engine, identify, events }) }),
  );
  const client = new FleetServiceClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    await server.close();
    engine.close();
  });
  return { engine, client, refused };
}

function hello(bootId = BOOT, instance = 'i1') {
  return helloToWire({
    bootId,
    agentVersion: '1.0.0',
    wallUnixMs: Date.now(),
    verifiers: [
      {
        handle: 7,
        id: { service: 'orders', instance, cache: 'jwks' },
        profile: 'npm-jose',
        source: 'in_process',
        issuers: [ISSUER],
        cacheKind: 'any',
      },
    ],
  });
}

function report(epoch: number, seq: number, ok = seq, handle = 7) {
  return {
    handle,
    epoch,
    seq,
    observedAgeMs: 0,
    keySets: [
      {
        issuer: ISSUER,
        keys: [OLD],
        dataAgeMs: 0,
        attemptAgeMs: 0,
        consecutiveFailures: 0,
        lastError: null,
        nextRefreshInMs: null,
        cooldownInMs: null,
        documentSha256: null,
        servedAgeMs: null,
        secretsAgeMs: null,
      },
    ],
    counts: [
      {
        issuer: ISSUER,
        key: { kind: 'kid' as const, kid: 'old' },
        outcomes: { ok },
        highestIat: 1,
        highestExp: 2,
        longestLifetimeS: 1,
        acceptedWithoutExp: 0,
        acceptedWithoutIat: 0,
        lastAcceptedAgeMs: 0,
      },
    ],
    dropped: 0,
  };
}

type Stream = ReturnType<FleetServiceClient['session']>;

async function next(stream: Stream): Promise<SessionResponse['message']> {
  const [response] = (await once(stream, 'data')) as [SessionResponse];
  return response.message;
}

async function acks(stream: Stream) {
  const message = await next(stream);
  if (message?.$case !== 'acks') throw new Error(`expected acks, got ${message?.$case}`);
  const read = acksFromWire(message.value);
  if (!read.ok) throw new Error(read.message);
  return read.value;
}

t.test('a session: hello, welcome, reports, acks, goodbye', async (t) => {
  const { engine, client } = await serving(t);
  const stream = client.session();
  stream.write({ message: { $case: 'hello', value: hello() } });
  const welcome = await next(stream);
  t.equal(welcome?.$case, 'welcome');
  if (welcome?.$case !== 'welcome') return;
  const read = welcomeFromWire(welcome.value);
  t.match(read, {
    ok: true,
    value: {
      assignments: [{ handle: 7, epoch: 1, committedSeq: 0, refused: '' }],
      settings: { reportIntervalMs: 15_000, leaseMs: 45_000 },
    },
  });

  const reports = reportsToWire([report(1, 1), report(1, 1), report(1, 2)]);
  stream.write({ message: { $case: 'reports', value: reports } });
  t.same(
    (await acks(stream)).map((ack) => ack.result),
    ['applied', 'ignored', 'applied'],
  );
  t.equal(engine.state().fleet.verifiers.get('orders/i1/jwks')?.record.seq, 2);

  stream.write({
    message: { $case: 'goodbye', value: goodbyeToWire({ handles: [], reason: '' }) },
  });
  stream.end();
  await once(stream, 'status');
  t.equal(engine.state().fleet.verifiers.get('orders/i1/jwks')?.liveness, 'departed');
});

t.test('a report of a verifier never named, or that went back, is refused alone', async (t) => {
  const { client } = await serving(t);
  const stream = client.session();
  stream.write({ message: { $case: 'hello', value: hello() } });
  await next(stream);
  const many = reportsToWire([
    report(1, 1, 10),
    report(1, 1, 10, 8),
    report(1, 2, 5),
    report(1, 3, 11),
  ]);
  stream.write({ message: { $case: 'reports', value: many } });
  const answers = await acks(stream);
  t.match(answers, [
    { result: 'applied' },
    { result: 'rejected', reason: /handle: expected one named in a hello/ },
    { result: 'rejected', reason: /counts\.ok: expected at least 10 .* got 5/ },
    { result: 'applied' },
  ]);
  stream.cancel();
  await once(stream, 'error');
});

t.test('two processes under one identity: the newer wins and the older is told', async (t) => {
  const { engine, client } = await serving(t);
  const first = client.session();
  first.write({ message: { $case: 'hello', value: hello() } });
  await next(first);
  const second = client.session();
  second.write({ message: { $case: 'hello', value: hello('cd'.repeat(16)) } });
  const welcome = await next(second);
  t.match(welcome, { value: { assignments: [{ epoch: 2 }] } });
  first.write({ message: { $case: 'reports', value: reportsToWire([report(1, 1)]) } });
  t.match(await acks(first), [{ result: 'superseded' }]);
  t.ok(engine.state().fleet.verifiers.get('orders/i1/jwks')?.record.duplicateAtMs);
  for (const stream of [first, second]) {
    stream.cancel();
    await once(stream, 'error');
  }
});

t.test('a message that breaks the protocol ends the stream with a sentence', async (t) => {
  const { client, refused } = await serving(t);
  const stream = client.session();
  stream.write({ message: { $case: 'hello', value: { ...hello(), bootId: Buffer.alloc(3) } } });
  stream.on('data', () => {});
  const [error] = (await once(stream, 'error')) as [ServiceError];
  t.equal(error.code, status.INVALID_ARGUMENT);
  t.match(error.details, /boot_id/);
  t.equal(refused.length, 1);
});

t.test('the unary call carries the same, epochs and acks alike', async (t) => {
  const { client } = await serving(t);
  const call = (request: ReportRequest) =>
    new Promise<ReportResponse>((resolve, reject) => {
      client.report(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  const first = await call({ hello: hello(), reports: undefined, goodbye: undefined });
  t.match(first.welcome?.assignments, [{ epoch: 1, committedSeq: 0 }]);
  const reports = reportsToWire([report(1, 1)]);
  const second = await call({ hello: hello(), reports, goodbye: undefined });
  t.match(second.welcome?.assignments, [{ epoch: 1 }]);
  t.equal(second.acks?.acks.length, 1);
  const again = await call({ hello: hello(), reports, goodbye: undefined });
  t.match(again.welcome?.assignments, [{ epoch: 1, committedSeq: 1 }]);
  await t.rejects(call({ hello: undefined, reports, goodbye: undefined }), {
    code: status.INVALID_ARGUMENT,
  });
});

t.test('a peer that may not report for a verifier is refused that verifier only', async (t) => {
  const { client, engine } = await serving(t, {
    ...trustReach,
    mayReport: (_peer, id) =>
      id.instance === 'i1' ? { ok: true } : { ok: false, message: 'not yours' },
  });
  const stream = client.session();
  const both = hello();
  both.verifiers.push({ ...hello(BOOT, 'i2').verifiers[0]!, handle: 8 });
  stream.write({ message: { $case: 'hello', value: both } });
  const welcome = await next(stream);
  t.match(welcome, {
    value: {
      assignments: [
        { handle: 7, refused: '' },
        { handle: 8, refused: 'not yours' },
      ],
    },
  });
  t.equal(engine.state().fleet.verifiers.size, 1);
  stream.cancel();
  await once(stream, 'error');
});

t.test('new settings reach a running session', async (t) => {
  const { client, engine } = await serving(t);
  await engine.sighting({
    issuer: ISSUER,
    vantage: 'https://issuer.test/jwks',
    result: {
      ok: true,
      keys: [OLD],
      untrackedKeys: 0,
      bytes: 1,
      documentSha256: '',
      maxAgeS: null,
      staleS: 0,
      ageS: null,
      originDateMs: null,
    },
  });
  const stream = client.session();
  stream.write({ message: { $case: 'hello', value: hello() } });
  await next(stream);
  const pushed = next(stream);
  await engine.act({
    type: 'start',
    id: 'r-1',
    by: 'tester',
    issuer: ISSUER,
    alg: 'RS256',
    oldKid: null,
    newKid: 'new',
    newThumbprint: null,
  });
  const message = await pushed;
  t.equal(message?.$case, 'settings');
  if (message?.$case !== 'settings') return;
  t.match(settingsFromWire(message.value), {
    value: { watchedKeys: [{ kid: 'old' }, { kid: 'new' }] },
  });
  stream.cancel();
  await once(stream, 'error');
});
