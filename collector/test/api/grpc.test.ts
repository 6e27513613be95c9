import { credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { factToWire, gateToWire, stepToWire, verdictFromWire } from '@keyturn/shared/wire/codec.ts';
import {
  ReadinessServiceClient,
  ReadinessServiceService,
  RotationServiceClient,
  RotationServiceService,
  type StartRotationResponse,
  type WatchGateResponse,
} from '@keyturn/shared/wire/services.ts';
import t, { type Test } from 'tap';
import { readinessService } from '../../src/api/grpc-readiness.ts';
import { rotationService } from '../../src/api/grpc-rotation.ts';
import { id, ISSUER, NEW_KEY, OLD_KEY, type Rig, service, startRig, TOKEN } from './rig.ts';

interface Faces {
  rig: Rig;
  readiness: ReadinessServiceClient;
  rotations: RotationServiceClient;
}

async function faces(t: Test, watchersMax = 256): Promise<Faces> {
  const rig = await startRig({
    services: [service('orders'), service('legacy', { evidence: 'attested' })],
  });
  const server = new Server();
  server.addService(ReadinessServiceService, { ...readinessService(rig.engine, { watchersMax }) });
  server.addService(RotationServiceService, {
    ...rotationService(rig.engine, rig.canaries, { matches: (presented) => presented === TOKEN }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const address = `127.0.0.1:${port}`;
  const readiness = new ReadinessServiceClient(address, credentials.createInsecure());
  const rotations = new RotationServiceClient(address, credentials.createInsecure());
  t.teardown(async () => {
    readiness.close();
    rotations.close();
    server.forceShutdown();
    await rig.close();
  });
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return { rig, readiness, rotations };
}

function bearer(token = TOKEN): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** The answer, or the error's code. */
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

const START = {
  issuer: ISSUER,
  alg: 'RS256',
  oldKid: '',
  newKid: 'new',
  newThumbprint: '',
  by: 'alice',
};

t.test('CheckGate', async (t) => {
  const { rig, readiness } = await faces(t);
  const rotationId = await rig.start();
  const gate = gateToWire('activate');
  const { code, response } = await ask((done) => readiness.checkGate({ rotationId, gate }, done));
  t.equal(code, status.OK);
  const verdict = verdictFromWire((response as { verdict: unknown }).verdict);
  t.match(verdict, { ok: true, value: { rotationId, gate: 'activate', status: 'closed' } });
  t.match(await ask((done) => readiness.checkGate({ rotationId: 'r-none', gate }, done)), {
    code: status.NOT_FOUND,
    details: /rotation_id/,
  });
  for (const wrong of [0, 99]) {
    t.match(await ask((done) => readiness.checkGate({ rotationId, gate: wrong as never }, done)), {
      code: status.INVALID_ARGUMENT,
      details: /gate/,
    });
  }
});

t.test(
  'WatchGate: the present state first, then each change; the end of the rotation ends it',
  async (t) => {
    const { rig, readiness } = await faces(t, 1);
    const rotationId = await rig.start();
    const gate = gateToWire('activate');
    await rig.sight(OLD_KEY, NEW_KEY);
    const seen: string[] = [];
    const call = readiness.watchGate({ rotationId, gate });
    const first = new Promise((resolve) => call.once('data', resolve));
    const ended = new Promise((resolve) => call.once('end', resolve));
    call.on('data', (message: WatchGateResponse) => {
      const verdict = verdictFromWire(message.verdict);
      if (verdict.ok) seen.push(verdict.value.status);
    });
    call.on('error', () => undefined);
    await first;
    t.equal(seen[0], 'closed', 'legacy is not attested');

    const second = readiness.watchGate({ rotationId, gate });
    const refusal = await new Promise<ServiceError>((resolve) => second.once('error', resolve));
    t.equal(refusal.code, status.RESOURCE_EXHAUSTED, 'bounded');

    await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
    await rig.call('POST', `/v1/rotations/${rotationId}/attestations`, {
      body: { service: 'legacy', fact: 'holds_new', by: 'bob', reason: 'looked', valid_for_s: 60 },
    });
    for (let tries = 0; tries < 200 && !seen.includes('open'); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    t.equal(seen.at(-1), 'open');
    await rig.call('POST', `/v1/rotations/${rotationId}/steps`, {
      body: { step: 'abort', by: 'alice' },
    });
    await ended;
    t.equal(seen.at(-1), 'aborted');
  },
);

t.test('a watcher that cancels makes room', async (t) => {
  const { rig, readiness } = await faces(t, 1);
  const rotationId = await rig.start();
  const gate = gateToWire('activate');
  for (let round = 0; round < 3; round += 1) {
    const call = readiness.watchGate({ rotationId, gate });
    const outcome = await new Promise((resolve) => {
      call.once('data', () => resolve('data'));
      call.once('error', resolve);
    });
    t.equal(outcome, 'data', `round ${round}`);
    const gone = new Promise((resolve) => call.once('error', resolve));
    call.cancel();
    await gone;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const unknown = readiness.watchGate({ rotationId: 'r-none', gate });
  const refusal = await new Promise<ServiceError>((resolve) => unknown.once('error', resolve));
  t.equal(refusal.code, status.NOT_FOUND);
  const again = readiness.watchGate({ rotationId, gate });
  again.on('error', () => undefined);
  await new Promise((resolve) => again.once('data', resolve));
  again.cancel();
});

t.test('acts need the operator token', async (t) => {
  const { rig, rotations } = await faces(t);
  const codes = [
    (await ask((done) => rotations.startRotation(START, done))).code,
    (await ask((done) => rotations.startRotation(START, bearer('wrong'), done))).code,
  ];
  t.same(codes, [status.UNAUTHENTICATED, status.UNAUTHENTICATED]);
  const twice = bearer();
  twice.add('authorization', 'Bearer other');
  const { code } = await ask((done) => rotations.startRotation(START, twice, done));
  t.not(code, status.OK, 'two credentials are none');
  const steps = [
    rotations.declareStep.bind(rotations, {
      rotationId: 'r',
      step: stepToWire('abort'),
      by: 'a',
      overrideReason: '',
      reason: '',
      confirm: undefined,
    }),
    rotations.rehearse.bind(rotations, { rotationId: 'r', by: 'a', oldKeyAvailable: true }),
    rotations.attest.bind(rotations, {
      rotationId: 'r',
      service: 's',
      instance: '',
      fact: factToWire('holds_new'),
      by: 'a',
      reason: 'r',
      validForS: 1,
    }),
    rotations.waive.bind(rotations, {
      rotationId: 'r',
      gate: gateToWire('activate'),
      checkId: 'c',
      by: 'a',
      reason: 'r',
      validForS: 1,
    }),
    rotations.removeVerifier.bind(rotations, {
      service: 's',
      instance: 'i',
      cache: '',
      by: 'a',
      reason: 'r',
    }),
  ] as unknown as ((done: () => void) => void)[];
  for (const step of steps) t.equal((await ask(step as never)).code, status.UNAUTHENTICATED);
  t.equal(rig.engine.state().rotations.size, 0);
});

t.test('the acts, and what they refuse', async (t) => {
  const { rotations } = await faces(t);
  const started = await ask<StartRotationResponse>((done) =>
    rotations.startRotation(START, bearer(), done),
  );
  t.match(started, { code: status.OK, response: { rotation: { phase: 'staged', oldKid: 'old' } } });
  const rotationId = started.response?.rotation?.id ?? '';
  t.match(await ask((done) => rotations.startRotation(START, bearer(), done)), {
    code: status.FAILED_PRECONDITION,
  });
  t.match(await ask((done) => rotations.startRotation({ ...START, issuer: 'x' }, bearer(), done)), {
    code: status.NOT_FOUND,
  });
  t.match(await ask((done) => rotations.getRotation({ rotationId }, done)), {
    response: { rotation: { id: rotationId } },
  });
  t.match(await ask((done) => rotations.getRotation({ rotationId: 'r' }, done)), {
    code: status.NOT_FOUND,
  });
  t.match(await ask((done) => rotations.listRotations({ includeEnded: false }, done)), {
    response: { rotations: [{ id: rotationId }] },
  });
  const declare = (step: number, overrideReason = '') =>
    ask((done) =>
      rotations.declareStep(
        {
          rotationId,
          step: step as never,
          by: 'alice',
          overrideReason,
          reason: '',
          confirm: undefined,
        },
        bearer(),
        done,
      ),
    );
  t.match(await declare(stepToWire('activate')), {
    code: status.FAILED_PRECONDITION,
    details: /^step: gate activate is/,
  });
  t.match(await declare(0), { code: status.INVALID_ARGUMENT });
  t.match(await declare(stepToWire('activate'), 'drill'), {
    code: status.OK,
    response: { verdict: { advised: false } },
  });
  const attest = {
    rotationId,
    service: 'legacy',
    instance: '',
    fact: factToWire('holds_new'),
    by: 'bob',
    reason: 'looked',
    validForS: 60,
  };
  t.match(await ask((done) => rotations.attest(attest, bearer(), done)), {
    code: status.OK,
    response: { attestationId: /^att-/ },
  });
  t.match(await ask((done) => rotations.attest({ ...attest, fact: 7 as never }, bearer(), done)), {
    code: status.INVALID_ARGUMENT,
  });
  t.match(await ask((done) => rotations.attest({ ...attest, reason: '' }, bearer(), done)), {
    code: status.INVALID_ARGUMENT,
  });
  for (const [part, code, details] of [
    [{ validForS: 0 }, status.INVALID_ARGUMENT, /^valid_for: expected more than zero/],
    [{ validForS: 1e12 }, status.INVALID_ARGUMENT, /^valid_for: .*at most 400 days/],
    [{ by: '' }, status.INVALID_ARGUMENT, /^by: expected text/],
    [{ by: ' ' }, status.INVALID_ARGUMENT, /^by: expected text, got blanks only/],
    [{ service: 'nobody' }, status.NOT_FOUND, /^service: service nobody is not declared/],
    [{ service: 'orders' }, status.INVALID_ARGUMENT, /^service: .*judged by evidence/],
    [{ instance: 'a b' }, status.INVALID_ARGUMENT, /^instance: expected letters/],
    [{ rotationId: 'r-none' }, status.NOT_FOUND, /^rotation_id: /],
  ] as const) {
    const asked = await ask((done) => rotations.attest({ ...attest, ...part }, bearer(), done));
    t.match(asked, { code, details }, JSON.stringify(part));
  }
  const waive = {
    rotationId,
    gate: gateToWire('activate'),
    checkId: 'fleet_heard',
    by: 'bob',
    reason: 'known',
    validForS: 60,
  };
  t.match(await ask((done) => rotations.waive(waive, bearer(), done)), {
    code: status.OK,
    response: { waiverId: /^wvr-/ },
  });
  t.match(await ask((done) => rotations.waive({ ...waive, checkId: 'x' }, bearer(), done)), {
    code: status.INVALID_ARGUMENT,
  });
  const remove = { service: 'orders', instance: 'orders-9', cache: '', by: 'bob', reason: 'gone' };
  t.match(await ask((done) => rotations.removeVerifier(remove, bearer(), done)), {
    code: status.NOT_FOUND,
  });
  t.match(await declare(stepToWire('abort')), {
    code: status.FAILED_PRECONDITION,
    details: /step: the signer was switched to new; go back first/,
  });
  t.match(await declare(stepToWire('destroy_old_key')), {
    code: status.INVALID_ARGUMENT,
    details: /reason: expected why/,
  });
  t.match(await declare(stepToWire('taint'), 'now'), { code: status.INVALID_ARGUMENT });
  t.match(await declare(stepToWire('abort'), 'drill over'), {
    code: status.OK,
    response: { rotation: { phase: 'aborted' } },
  });
  t.match(await ask((done) => rotations.listRotations({ includeEnded: true }, done)), {
    response: { rotations: [{ phase: 'aborted' }] },
  });
});
