import { type ClientReadableStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import {
  type AlertMessage,
  AlertServiceClient,
  AlertServiceService,
  type WatchAlertsResponse,
} from '@keyturn/shared/wire/services.ts';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { alertService } from '../../src/api/grpc-alerts.ts';
import { ISSUER, OLD_KEY, type Rig, startRig } from './rig.ts';

const ALL = { firing: false, name: '', rotationId: '', issuer: '', service: '' };
const REUSED = { ...ALL, name: 'KidReused' };

async function faces(
  t: Test,
  watchersMax = 256,
): Promise<{ rig: Rig; client: AlertServiceClient }> {
  const rig = await startRig();
  const server = new Server();
  server.addService(AlertServiceService, { ...alertService(rig.engine, { watchersMax }) });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const client = new AlertServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    server.forceShutdown();
    await rig.close();
  });
  rig.settleIn();
  await rig.sight(OLD_KEY);
  return { rig, client };
}

interface Listed {
  readonly code: number;
  readonly details: string;
  readonly alerts: readonly AlertMessage[];
  readonly next: string;
}

function list(
  client: AlertServiceClient,
  request: Partial<Parameters<AlertServiceClient['listAlerts']>[0]> = {},
): Promise<Listed> {
  return new Promise((resolve) => {
    client.listAlerts(
      { filter: ALL, pageSize: 0, pageToken: '', ...request },
      (error, response) => {
        const code = error?.code ?? status.OK;
        const alerts = error === null ? response.alerts : [];
        const next = error === null ? response.nextPageToken : '';
        resolve({ code, details: error?.details ?? '', alerts, next });
      },
    );
  });
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await what()); tries += 1) await pause(10);
}

async function reuseKid(rig: Rig, client: AlertServiceClient): Promise<AlertMessage | undefined> {
  await rig.sight({ ...OLD_KEY, thumbprint: 'r'.repeat(43) });
  await until(async () => (await list(client, { filter: REUSED })).alerts.length > 0);
  return (await list(client, { filter: REUSED })).alerts[0];
}

t.test('alerts are listed, filtered and in pages', async (t) => {
  const { rig, client } = await faces(t);
  t.same((await list(client, { filter: REUSED })).alerts, []);
  const alert = await reuseKid(rig, client);
  t.match(alert, {
    name: 'KidReused',
    labels: { issuer: ISSUER, kid: 'old' },
    severity: 'critical',
    status: 'firing',
    firing: true,
    acknowledgedBy: '',
    shutsGates: true,
    advisesRollback: false,
  });
  for (const filter of [{ firing: true }, { issuer: ISSUER }]) {
    const { alerts } = await list(client, { filter: { ...REUSED, ...filter } });
    t.equal(alerts.length, 1, JSON.stringify(filter));
  }
  for (const filter of [{ issuer: 'x' }, { service: 'orders' }, { rotationId: 'r-1' }]) {
    t.same(
      (await list(client, { filter: { ...REUSED, ...filter } })).alerts,
      [],
      JSON.stringify(filter),
    );
  }
  const all = (await list(client)).alerts.map(({ id }) => id);
  const paged: string[] = [];
  let pageToken = '';
  do {
    const page = await list(client, { pageSize: 1, pageToken });
    paged.push(...page.alerts.map(({ id }) => id));
    pageToken = page.next;
  } while (pageToken !== '');
  t.same(paged, all);
  t.match(await list(client, { filter: { ...ALL, issuer: 'x'.repeat(513) } }), {
    code: status.INVALID_ARGUMENT,
    details: /512/,
  });
});

t.test('who watches gets what there is, then what changed', async (t) => {
  const { rig, client } = await faces(t, 1);
  const got: WatchAlertsResponse[] = [];
  const open = (): ClientReadableStream<WatchAlertsResponse> =>
    client.watchAlerts({ filter: { ...REUSED, firing: true } });
  const stream = open();
  stream.on('error', () => undefined);
  stream.on('data', (message: WatchAlertsResponse) => got.push(message));
  await until(() => got.length > 0);
  t.same(got, [{ alerts: [] }], 'nothing at first, and said so');
  const refused = open();
  const error = await new Promise<ServiceError>((resolve) => refused.on('error', resolve));
  t.equal(error.code, status.RESOURCE_EXHAUSTED, 'one too many');
  const alert = await reuseKid(rig, client);
  await until(() => got.length > 1);
  t.match(got[1], { alerts: [{ id: alert?.id, status: 'firing', acknowledgedBy: '' }] });
  await rig.engine.act({
    type: 'acknowledge',
    by: 'ana',
    alertId: alert?.id ?? '',
    reason: 'on it',
  });
  await until(() => got.length > 2);
  t.match(got[2], { alerts: [{ id: alert?.id, acknowledgedBy: 'ana' }] });
  await pause(150);
  t.equal(got.length, 3, 'and nothing that did not change');
  stream.cancel();
  const later: WatchAlertsResponse[] = [];
  await until(() => {
    const again = open();
    again.on('error', () => undefined);
    again.on('data', (message: WatchAlertsResponse) => later.push(message));
    return pause(20).then(() => later.length > 0);
  });
  t.match(later[0], { alerts: [{ id: alert?.id }] }, 'who goes makes room');
});
