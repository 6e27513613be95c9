import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildError, startChild } from '../harness/child.ts';
import type { Child, ChildOptions } from '../harness/child.ts';
import { startIssuer } from '../harness/issuer.ts';
import type { Issuer, IssuerClient } from '../harness/issuer.ts';
import type { Teardown } from '../harness/teardown.ts';
import { startCollector, startService, startSidecar } from './processes.ts';
import type { ServiceSettings } from './service-settings.ts';
import { WAREHOUSES } from './settings.ts';
import { TIMINGS } from './timings.ts';

export const OLD_KID = '2026-a';
export const NEW_KID = '2026-b';
/** A key of another kind in the same key set, which the rotation must leave alone. */
export const BYSTANDER_KID = '2026-es';

export const WEB: IssuerClient = {
  id: 'web',
  secret: 'demo-web-secret',
  tokenLifetimeS: TIMINGS.webTokenS,
};
export const BATCH: IssuerClient = {
  id: 'batch',
  secret: 'demo-batch-secret',
  tokenLifetimeS: TIMINGS.batchTokenS,
};

export type Environment = Readonly<Record<string, string>>;

/** Everything that runs, as the walk needs it. */
export interface Fleet {
  readonly issuer: Issuer;
  readonly directory: string;
  readonly collectorUrl: string;
  readonly operatorTokenFile: string;
  readonly proxyUrls: ReadonlyMap<string, string>;
  readonly pushUrl: string;
  /** Instance → address: where a load balancer sends requests now. */
  readonly targets: ReadonlyMap<string, string>;
  /** Rejects when any process ends unasked; never resolves. */
  readonly failed: Promise<never>;
  /** Starts the six verifiers; resolves when all accept requests. */
  startServices(): Promise<void>;
  /** Process ids of everything that runs now. */
  pids(): readonly number[];
  /** Gives warehouse a key file with these keys and replaces its process without a gap. */
  redeployWarehouse(kids: readonly string[]): Promise<void>;
  /** Takes orders-2 out of the load balancer and stops it; the function it gives starts it again. */
  stopOrders2(): Promise<() => Promise<void>>;
}

/** Starts issuer, collector and sidecar; whatever was started is torn down in any case. */
export async function startFleet(teardown: Teardown, env: Environment): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-demo-'));
  teardown.add('temporary directory', () => rm(directory, { recursive: true, force: true }));
  const issuer = await startIssuer({
    keys: [
      { kid: OLD_KID, alg: 'RS256' },
      { kid: BYSTANDER_KID, alg: 'ES256' },
    ],
    clients: [WEB, BATCH],
  });
  teardown.add('issuer', () => issuer.close());

  const crew = childCrew(teardown, env);
  const collector = await startCollector(crew.launch, directory, issuer);
  const sidecar = await startSidecar(crew.launch, directory, issuer, collector.grpc);

  const targets = new Map<string, string>();
  const start = async (instance: string, settings: ServiceSettings): Promise<Child> => {
    const service = await startService(crew.launch, instance, settings);
    targets.set(instance, service.url);
    return service.child;
  };

  const direct = { issuer: issuer.issuer, jwksUri: issuer.jwksUri };
  const proxied = (service: string) => ({
    issuer: issuer.issuer,
    jwksUri: sidecar.proxyUrls.get(service) ?? '',
  });
  const orders = (instance: string): ServiceSettings => ({
    kind: 'jose',
    ...direct,
    cacheMaxAgeMs: TIMINGS.joseCacheMs,
    cooldownMs: TIMINGS.joseCooldownMs,
    service: 'orders',
    instance,
    collector: collector.grpc,
  });
  const keyFile = join(directory, 'warehouse-keys.json');
  const writeKeyFile = (kids: readonly string[]): Promise<void> =>
    writeFile(keyFile, JSON.stringify({ keys: kids.map((kid) => issuer.publicJwk(kid)) }));
  let deployments = 0;
  const nextWarehouse = (): ServiceSettings => {
    const instance = WAREHOUSES[deployments];
    if (instance === undefined) throw new Error('warehouse has no name for a further deployment');
    deployments += 1;
    const { pushUrl } = sidecar;
    return {
      kind: 'static',
      issuer: issuer.issuer,
      keyFile,
      service: 'warehouse',
      instance,
      pushUrl,
    };
  };
  await writeKeyFile([OLD_KID]);

  let warehouse: Child | undefined;
  let orders2: Child | undefined;
  const startServices = async (): Promise<void> => {
    [warehouse, orders2] = await Promise.all([
      start('warehouse', nextWarehouse()),
      start('orders-2', orders('orders-2')),
      start('orders-1', orders('orders-1')),
      start('billing-1', {
        kind: 'jwks-rsa',
        ...proxied('billing'),
        cacheMaxAgeMs: TIMINGS.jwksRsaCacheMs,
      }),
      start('gateway-1', { kind: 'hono', ...proxied('gateway') }),
      start('reports-1', {
        kind: 'polled',
        ...direct,
        pollMs: TIMINGS.pollMs,
        service: 'reports',
        instance: 'reports-1',
        pushUrl: sidecar.pushUrl,
      }),
    ]);
  };

  return {
    issuer,
    directory,
    collectorUrl: collector.url,
    operatorTokenFile: collector.operatorTokenFile,
    proxyUrls: sidecar.proxyUrls,
    pushUrl: sidecar.pushUrl,
    targets,
    failed: crew.failed,
    startServices,
    pids: () => crew.pids(),
    async redeployWarehouse(kids) {
      await writeKeyFile(kids);
      const before = warehouse;
      warehouse = await start('warehouse', nextWarehouse());
      if (before !== undefined) await crew.stop(before);
    },
    async stopOrders2() {
      targets.delete('orders-2');
      if (orders2 !== undefined) await crew.stop(orders2);
      return async () => {
        orders2 = await start('orders-2', orders('orders-2'));
      };
    },
  };
}

/** All child processes: the first that ends unasked fails the run, teardown stops the rest. */
function childCrew(teardown: Teardown, env: Environment) {
  const running = new Set<Child>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const stop = async (child: Child): Promise<void> => {
    await child.stop();
    running.delete(child);
  };
  return {
    failed: failure.promise,
    pids: (): readonly number[] => [...running].map((child) => child.pid),
    launch: (options: ChildOptions): Child => {
      if (teardown.begun) throw new ChildError(`${options.name} was not started: stopping`);
      const child = startChild({ ...options, env });
      running.add(child);
      child.failed.catch(failure.reject);
      teardown.add(child.name, () => stop(child));
      return child;
    },
    stop,
  };
}
