import { credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { stepToWire } from '@keyturn/shared/wire/codec.ts';
import {
  type GetBlastRadiusResponse,
  type GetContainmentResponse,
  RotationServiceClient,
  RotationServiceService,
} from '@keyturn/shared/wire/services.ts';
import t, { type Test } from 'tap';
import { rotationService } from '../../src/api/grpc-rotation.ts';
import { counted, id, NEW_KEY, OLD_KEY, type Rig, service, startRig, TOKEN } from './rig.ts';

async function face(t: Test): Promise<{ rig: Rig; rotations: RotationServiceClient }> {
  const rig = await startRig({
    services: [service('orders'), service('legacy', { evidence: 'attested' })],
  });
  const server = new Server();
  server.addService(RotationServiceService, {
    ...rotationService(rig.engine, rig.canaries, { matches: (presented) => presented === TOKEN }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const rotations = new RotationServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(async () => {
    rotations.close();
    server.forceShutdown();
    await rig.close();
  });
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return { rig, rotations };
}

function ask<T>(
  call: (done: (error: ServiceError | null, response: T) => void) => void,
): Promise<{ code: number; details: string; response: T | undefined }> {
  return new Promise((resolve) => {
    call((error, response) => {
      resolve({
        code: error?.code ?? status.OK,
        details: error?.details ?? '',
        response: error === null ? response : undefined,
      });
    });
  });
}

function bearer(): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${TOKEN}`);
  return metadata;
}

t.test('a taint over gRPC: what is confirmed was seen', async (t) => {
  const { rig, rotations } = await face(t);
  const rotationId = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY], [counted('old', { ok: 12 })]);
  const looked = await ask<GetBlastRadiusResponse>((done) =>
    rotations.getBlastRadius({ rotationId }, done),
  );
  t.equal(looked.code, status.OK, 'a read, without the operator token');
  const radius = looked.response?.blastRadius;
  t.match(radius, {
    rotationId,
    oldKid: 'old',
    newKid: 'new',
    tainted: false,
    summary: /accepted old 12 times/,
    uncountedVerifiers: 0,
  });
  t.match(radius?.keys, [
    { kid: 'old', role: 'old', accepted: 12, verifiers: 1, latestExpAtUnixMs: undefined },
    { kid: 'new', role: 'new', accepted: 0, lastAcceptedAtUnixMs: undefined },
    { kid: undefined, role: 'none' },
  ]);
  t.match(
    radius?.services.find((reach) => reach.service === 'orders'),
    {
      required: true,
      verifiers: 1,
      holding: 1,
      dropBoundMs: 600_000,
      mayAcceptUntilUnixMs: undefined,
      dropNow: 'Restart it.',
    },
  );
  const taint = (seenAtUnixMs: number, oldKid = 'old') =>
    ask((done) =>
      rotations.declareStep(
        {
          rotationId,
          step: stepToWire('taint'),
          by: 'alice',
          overrideReason: '',
          reason: 'stolen',
          confirm: { oldKid, seenAtUnixMs },
        },
        bearer(),
        done,
      ),
    );
  t.match(await taint(1), { code: status.INVALID_ARGUMENT, details: /seen_at/ });
  t.match(await taint(radius?.asOfUnixMs ?? 0, 'new'), { code: status.INVALID_ARGUMENT });
  t.match(await taint(radius?.asOfUnixMs ?? 0), {
    code: status.OK,
    response: { rotation: { tainted: true } },
  });
  t.match(
    (await ask<GetBlastRadiusResponse>((done) => rotations.getBlastRadius({ rotationId }, done)))
      .response,
    { blastRadius: { tainted: true } },
  );
});

t.test('containment over gRPC says what HTTP says', async (t) => {
  const { rig, rotations } = await face(t);
  const rotationId = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  await rig.sight(NEW_KEY);
  const { code, response } = await ask<GetContainmentResponse>((done) =>
    rotations.getContainment({ rotationId }, done),
  );
  t.equal(code, status.OK);
  const found = response?.containment;
  t.match(found, { rotationId, oldKid: 'old', percent: 0, status: 'not_contained', total: 2 });
  t.type(found?.withdrawnAtUnixMs, 'number');
  const { json } = await rig.call('GET', `/v1/rotations/${rotationId}/containment`);
  t.same(
    found?.services.map(({ service, total, contained, pending }) => ({
      service,
      total,
      contained,
      pending: pending.map(({ state, count }) => ({ state, count })),
    })),
    json.services.map(
      (seen: { service: string; total: number; contained: number; pending: object[] }) => ({
        service: seen.service,
        total: seen.total,
        contained: seen.contained,
        pending: seen.pending.map((entry) => {
          const { state, count } = entry as { state: string; count: number };
          return { state, count };
        }),
      }),
    ),
  );
  t.same(
    found?.reasons.map((check) => check.id),
    json.reasons.map((check: { id: string }) => check.id),
  );
});

t.test('no such rotation', async (t) => {
  const { rotations } = await face(t);
  for (const call of [
    rotations.getBlastRadius.bind(rotations, { rotationId: 'r-none' }),
    rotations.getContainment.bind(rotations, { rotationId: '' }),
  ] as unknown as ((done: () => void) => void)[]) {
    t.match(await ask(call as never), { code: status.NOT_FOUND, details: /rotation_id/ });
  }
});
