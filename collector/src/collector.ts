import path from 'node:path';
import { formatAddress } from '@keyturn/shared/address.ts';
import type { Clock } from '@keyturn/shared/clock.ts';
import { systemClock } from '@keyturn/shared/clock.ts';
import { listenError } from '@keyturn/shared/listen-error.ts';
import type { Settings } from '@keyturn/shared/model/report.ts';
import { startWhole, type Teardown } from '@keyturn/shared/teardown.ts';
import { NO_SIGNALS, type Signals } from '@keyturn/shared/telemetry/signals.ts';
import { FleetServiceService } from '@keyturn/shared/wire/services.ts';
import { metrics } from '@opentelemetry/api';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { registerAlerts } from './api/grpc-alerts.ts';
import { registerReadiness } from './api/grpc-readiness.ts';
import { registerRotations } from './api/grpc-rotation.ts';
import { createHttpApi } from './api/http-api.ts';
import { Canaries } from './canary/canaries.ts';
import { ProbeDispatcher } from './canary/dispatcher.ts';
import { PublishedKeys } from './canary/published-keys.ts';
import type { CollectorConfig } from './config/config.ts';
import type { ListenConfig } from './config/listen.ts';
import { createEngine } from './engine.ts';
import type { Engine } from './engine-port.ts';
import { type CollectorEvents, collectorEvents } from './events.ts';
import { startGrpcServer } from './grpc-server.ts';
import { openHistory } from './history/history.ts';
import { fleetService } from './ingest/fleet-service.ts';
import { trustReach } from './ingest/identify.ts';
import { watchIssuer } from './issuer/watch-issuer.ts';
import { Notifier } from './notify/notifier.ts';
import { post } from './notify/post.ts';
import { openOperatorToken } from './operator-token.ts';
import { openReceiptKeys } from './receipt/receipt-keys.ts';
import { EventCounts } from './telemetry/event-counts.ts';
import { registerMetrics } from './telemetry/register-metrics.ts';
import { prometheusText } from './telemetry/prometheus-text.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';

/** How often an issuer is looked at while a rotation is open, where its own interval is longer. */
const ROTATION_WATCH_MS = 5_000;

export const VERSION: string = packageJson.version;

/** What the collector calls itself in metrics and traces. */
const SERVICE = { name: 'keyturn-collector', version: VERSION };

/** A collector at work. */
export interface Collector {
  /** `host:port` as bound. */
  readonly http: string;
  readonly grpc: string;
  /** The dashboard. */
  readonly url: string;
  /** Where the operator token is; null when it was given directly. */
  readonly operatorTokenFile: string | null;
  /** Stops everything in reverse order; safe to call twice. */
  close(): Promise<void>;
}

export interface CollectorOptions {
  readonly config: CollectorConfig;
  readonly log: Logger;
  readonly clock?: Clock;
  /** What to export by OpenTelemetry; nothing by default. */
  readonly signals?: Signals;
}

/**
 * Starts a collector: store, engine, agents' and people's faces, issuer watchers, in this order.
 *
 * @throws StoreError, OperatorTokenError, ReceiptKeyError, ListenError; whatever had started is stopped again.
 */
export function startCollector(options: CollectorOptions): Promise<Collector> {
  return startWhole((teardown) => start(options, teardown));
}

async function start(
  { config, log, clock = systemClock, signals = NO_SIGNALS }: CollectorOptions,
  teardown: Teardown,
): Promise<Collector> {
  if (signals.metrics || signals.traces) {
    const { startExporting } = await import('./telemetry/exporting.ts');
    teardown.add('telemetry', startExporting(signals, SERVICE, log.child({ part: 'telemetry' })));
  }
  const counts = new EventCounts();
  const events = collectorEvents(log, counts);
  const store = openSqliteStore(path.join(config.dataDirectory, 'keyturn.db'));
  teardown.add('store', () => store.close());
  const token = openOperatorToken(config.operatorToken, config.dataDirectory);
  if (token.created && token.file !== null) events.tokenCreated(token.file);

  const receiptKeys = openReceiptKeys(config.dataDirectory, clock.wallMs());
  if (receiptKeys.created) events.receiptKeyCreated(receiptKeys.current.kid);

  const engine = createEngine({ policy: config.policy, store, clock, events });
  teardown.add('engine', () => engine.close());
  // For whoever set a provider: the SDK started above, or one that was loaded before this program.
  registerMetrics(metrics.getMeter(SERVICE.name, VERSION), { engine, counts });

  const history = openHistory({ engine, store: store.history, clock, events });
  teardown.add('history', () => history.close());

  const keys = new PublishedKeys();
  const canaries = new Canaries(engine, keys, clock);
  teardown.add('canaries', () => canaries.close());
  const probes = new ProbeDispatcher(engine, canaries, clock);
  teardown.add('probes', () => probes.close());

  const sender = { name: config.name, publicUrl: config.publicUrl ?? '' };
  const { random } = Math;
  const notifier = new Notifier(config.receivers, { engine, clock, sender, events, random, post });

  const { tls } = config.listen;
  const http = createHttpApi({
    engine,
    canaries,
    notifier,
    history,
    operatorToken: token,
    bind: { hosts: reachableNames(config.listen), tls },
    version: VERSION,
    name: config.name,
    receiptKeys,
    metrics: prometheusText({ engine, counts }, SERVICE),
    logger: log.child({ part: 'http' }),
    clock,
  });
  teardown.add('http', () => http.close());
  try {
    await http.listen({ host: config.listen.http.host, port: config.listen.http.port });
  } catch (error) {
    throw listenError(config.listen.http, 'listen.http', error);
  }

  const grpc = await startGrpcServer(config.listen.grpc, tls, (server) => {
    server.addService(FleetServiceService, {
      ...fleetService({ engine, identify: trustReach, events, probes }),
    });
    registerReadiness(server, engine);
    registerAlerts(server, engine);
    registerRotations(server, engine, canaries, token);
  });
  teardown.add('grpc', () => grpc.close());
  teardown.add('issuer watchers', startWatching(config, engine, keys, events));

  const bound = http.server.address();
  const httpPort =
    typeof bound === 'object' && bound !== null ? bound.port : config.listen.http.port;
  const addresses = {
    http: formatAddress({ host: config.listen.http.host, port: httpPort }),
    grpc: formatAddress({ host: config.listen.grpc.host, port: grpc.port }),
  };
  const url = `${tls === null ? 'http' : 'https'}://${addresses.http}/`;
  // Links lead where people reach it, which without a word about it is where it listens.
  sender.publicUrl = config.publicUrl ?? url.slice(0, -1);
  notifier.start();
  teardown.add('notifier', () => notifier.close());
  for (const sentence of config.advice) events.advice(sentence);
  events.started({ ...addresses, data: config.dataDirectory });
  events.holdDown(engine.settings().holdDownRemainingMs);
  teardown.add('log', () => events.stopped());
  return { ...addresses, url, operatorTokenFile: token.file, close: () => teardown.close() };
}

/** Watches every issuer, more often while one of its keys is being rotated. Gives how to stop. */
function startWatching(
  config: CollectorConfig,
  engine: Engine,
  keys: PublishedKeys,
  events: CollectorEvents,
): () => Promise<unknown> {
  const watches = config.issuers.map((issuer) => ({
    issuer,
    watch: watchIssuer(issuer, {
      onSighting(sighting) {
        events.sighted(sighting);
        return engine.sighting(sighting);
      },
      onDocument: (vantage, body) => keys.note(issuer.issuer, vantage, body),
    }),
  }));
  const pace = (settings: Settings): void => {
    const rotating = new Set(settings.watchedKeys.map((key) => key.issuer));
    for (const { issuer, watch } of watches) {
      const hurried = Math.min(issuer.intervalMs, ROTATION_WATCH_MS);
      watch.setIntervalMs(rotating.has(issuer.issuer) ? hurried : null);
    }
  };
  pace(engine.settings());
  const stopPacing = engine.onSettings(pace);
  return () => {
    stopPacing();
    return Promise.all(watches.map(({ watch }) => watch.close()));
  };
}

/** A wildcard address is reached under whatever name leads to it, which only the operator knows. */
function reachableNames({ http, names }: ListenConfig): readonly string[] {
  return ['0.0.0.0', '::'].includes(http.host) ? names : [http.host, ...names];
}
