import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import t, { type Test } from 'tap';
import { helloToWire } from '../../src/wire/codec.ts';
import { reflectedPackage } from '../../src/wire/reflection.ts';
import {
  FleetServiceClient,
  type FleetServiceServer,
  FleetServiceService,
} from '../../src/wire/services.ts';

const BUF = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'buf');

const HELLO = helloToWire({
  bootId: '00'.repeat(16),
  agentVersion: '',
  verifiers: [],
  wallUnixMs: 0,
});

/** uint64 2^64 - 1 where the decoder wants a number it can hold: Reports{Report{epoch}}. */
const TOO_LARGE = Buffer.from([0x12, 0x0d, 0x0a, 0x0b, 0x10, ...Array<number>(9).fill(0xff), 0x01]);

async function serve(t: Test): Promise<{ address: string; seen: string[] }> {
  const seen: string[] = [];
  const implementation: FleetServiceServer = {
    session: (call) => {
      call.on('data', (request) => seen.push(request.message?.$case ?? 'nothing'));
      call.on('end', () => call.end());
      call.on('error', () => seen.push('error'));
    },
    report: (_call, callback) => callback(null, { welcome: undefined, acks: { acks: [] } }),
  };
  const server = new Server();
  server.addService(FleetServiceService, implementation);
  new ReflectionService(reflectedPackage()).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, seen };
}

/** Sends raw bytes as a ReportRequest. */
function raw(client: Client, bytes: Buffer): Promise<ServiceError | null> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      FleetServiceService.report.path,
      (value: Buffer) => value,
      FleetServiceService.report.responseDeserialize,
      bytes,
      (error) => resolve(error),
    );
  });
}

t.test('bytes the decoder throws on end the call, not the server', async (t) => {
  const { address } = await serve(t);
  const client = new Client(address, credentials.createInsecure());
  t.teardown(() => client.close());

  t.equal((await raw(client, TOO_LARGE))?.code, status.INTERNAL);
  t.equal((await raw(client, Buffer.from([0xff])))?.code, status.INTERNAL);
  t.equal(await raw(client, Buffer.alloc(0)), null, 'the server still answers');
});

t.test('the same on a stream: it ends with a status and the next one works', async (t) => {
  const { address, seen } = await serve(t);
  const client = new Client(address, credentials.createInsecure());
  t.teardown(() => client.close());
  const call = client.makeBidiStreamRequest(
    FleetServiceService.session.path,
    (value: Buffer) => value,
    FleetServiceService.session.responseDeserialize,
  );
  const failed = new Promise<ServiceError>((resolve) => call.on('error', resolve));
  call.write(
    FleetServiceService.session.requestSerialize({ message: { $case: 'hello', value: HELLO } }),
  );
  call.write(TOO_LARGE);
  t.equal((await failed).code, status.INTERNAL);
  t.notOk(seen.includes('reports'), 'what could not be decoded never reaches the handler');

  const good = new FleetServiceClient(address, credentials.createInsecure());
  t.teardown(() => good.close());
  await new Promise((resolve) =>
    good.report({ hello: HELLO, reports: undefined, goodbye: undefined }, resolve),
  );
});

t.test('a message that cannot be encoded fails its call, not the caller', async (t) => {
  const { address } = await serve(t);
  const client = new FleetServiceClient(address, credentials.createInsecure());
  t.teardown(() => client.close());
  const bad = { ...HELLO, wallUnixMs: 0.5 };
  const error = await new Promise<ServiceError | null>((resolve) =>
    client.report({ hello: bad, reports: undefined, goodbye: undefined }, resolve),
  );
  t.equal(error?.code, status.INTERNAL);

  const call = client.session();
  const failed = new Promise<ServiceError>((resolve) => call.on('error', resolve));
  call.write({ message: { $case: 'hello', value: bad } });
  t.equal((await failed).code, status.INTERNAL);
});

t.test('server reflection lists the services to an independent client', async (t) => {
  const { address } = await serve(t);
  const { stdout } = await promisify(execFile)(BUF, [
    'curl',
    '--protocol',
    'grpc',
    '--http2-prior-knowledge',
    '--list-methods',
    `http://${address}`,
  ]);
  t.match(stdout, 'keyturn.v1.FleetService/Session');
  t.match(stdout, 'keyturn.v1.ReadinessService/WatchGate');
  t.match(stdout, 'keyturn.v1.RotationService/DeclareStep');
});
