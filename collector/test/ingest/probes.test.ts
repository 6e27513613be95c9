import { once } from 'node:events';
import { credentials } from '@grpc/grpc-js';
import { systemClock } from '@keyturn/shared/clock.ts';
import {
  goodbyeToWire,
  helloToWire,
  probeOrdersFromWire,
  probeResultsToWire,
} from '@keyturn/shared/wire/codec.ts';
import {
  FleetServiceClient,
  FleetServiceService,
  type SessionResponse,
} from '@keyturn/shared/wire/services.ts';
import t, { type Test } from 'tap';
import type { ProbeLine } from '../../src/canary/dispatcher.ts';
import { createEngine } from '../../src/engine.ts';
import { startGrpcServer } from '../../src/grpc-server.ts';
import { fleetService } from '../../src/ingest/fleet-service.ts';
import { trustReach } from '../../src/ingest/identify.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { ISSUER, policyOf, serviceOf } from '../support/policies.ts';

async function serving(t: Test) {
  const answered: string[][] = [];
  const lines = new Map<number, ProbeLine>();
  const engine = createEngine({
    policy: policyOf([serviceOf('orders')]),
    store: openMemoryStore(),
    clock: systemClock,
    events: { storeFailing() {}, storeRecovered() {}, committed() {} },
  });
  const events = {
    sessionStarted() {},
    sessionEnded() {},
    messageRefused() {},
    reportsTaken() {},
    probesAnswered: (_peer: string, _count: number, problems: readonly string[]) =>
      answered.push([...problems]),
    failed: (_peer: string, error: unknown) => t.fail(String(error)),
  };
  const probes = {
    enlist: (line: ProbeLine) => {
      lines.set(line.handle, line);
      return () => lines.delete(line.handle);
    },
  };
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0 }, null, (grpc) => {
    const service = fleetService({ engine, identify: trustReach, events, probes });
    grpc.addService(FleetServiceService, { ...service });
  });
  const client = new FleetServiceClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    await server.close();
    engine.close();
  });
  const stream = client.session();
  stream.on('error', () => undefined);
  const next = async () => ((await once(stream, 'data')) as [SessionResponse])[0].message;
  return { stream, next, lines, answered };
}

function hello(handle: number, instance: string, probes: boolean) {
  return helloToWire({
    bootId: 'ab'.repeat(16),
    agentVersion: '1.0.0',
    wallUnixMs: 0,
    verifiers: [
      {
        handle,
        id: { service: 'orders', instance, cache: 'jwks' },
        profile: '',
        source: 'in_process',
        issuers: [ISSUER],
        cacheKind: 'any',
        ...(probes ? { probes: true } : {}),
      },
    ],
  });
}

const result = (handle: number) =>
  probeResultsToWire([
    {
      probeId: 'p1',
      handle,
      ageMs: 0,
      answers: [{ role: 'next', outcome: 'accepted', status: 200 }],
    },
  ]);

t.test('only agents that say they can are asked for probes', async (t) => {
  const { stream, next, lines, answered } = await serving(t);
  stream.write({ message: { $case: 'hello', value: hello(1, 'old', false) } });
  t.equal((await next())?.$case, 'welcome');
  t.equal(lines.size, 0, 'an agent from before probes is left alone');
  stream.write({ message: { $case: 'hello', value: hello(2, 'new', true) } });
  await next();
  t.match([...lines.values()], [{ handle: 2, verifier: { instance: 'new' } }]);

  const order = {
    id: 'p1',
    handle: 2,
    issuer: ISSUER,
    expiresInMs: 1_000,
    apartMs: 1_000,
    canaries: [{ role: 'next' as const, token: 'a.b.c' }],
  };
  const heard = next();
  lines.get(2)?.send({ probes: [order], withdrawnIds: ['p0'] });
  const message = await heard;
  if (message?.$case !== 'probes') throw new Error(`got ${message?.$case}`);
  t.same(probeOrdersFromWire(message.value), {
    ok: true,
    value: { probes: [order], withdrawnIds: ['p0'] },
  });

  // What nobody asked for, and what nobody is, is told and does no harm.
  stream.write({ message: { $case: 'probeResults', value: result(2) } });
  stream.write({ message: { $case: 'probeResults', value: result(9) } });
  stream.write({
    message: { $case: 'goodbye', value: goodbyeToWire({ handles: [2], reason: '' }) },
  });
  stream.write({ message: { $case: 'hello', value: hello(3, 'third', true) } });
  t.equal((await next())?.$case, 'welcome', 'the stream goes on');
  t.match(answered, [[/^probe_id: expected/], [/^handle: expected one named in a hello/]]);
  t.same([...lines.keys()], [3], 'who said goodbye is not asked any more');
  stream.end();
  await once(stream, 'end');
  t.equal(lines.size, 0, 'nor anybody of a stream that ended');
});

t.test('results that cannot be read end the stream', async (t) => {
  const { stream, lines } = await serving(t);
  const ended = once(stream, 'error') as Promise<[{ details: string }]>;
  stream.resume();
  const [good] = result(1).results;
  stream.write({
    message: { $case: 'probeResults', value: { results: good === undefined ? [] : [good, good] } },
  });
  t.match((await ended)[0].details, /results\[1\]\.probe_id: expected each probe once/);
  t.equal(lines.size, 0);
});
