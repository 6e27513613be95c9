import fastifySwagger from '@fastify/swagger';
import type { Clock } from '@keyturn/shared/clock.ts';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Canaries } from '../canary/canaries.ts';
import type { Engine } from '../engine-port.ts';
import type { History } from '../history/history.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { ReceiptKeys } from '../receipt/receipt-keys.ts';
import { reportsOf } from '../report/reports.ts';
import type { PrometheusText } from '../telemetry/prometheus-text.ts';
import type { BindInfo } from './bind-info.ts';
import { changeListeners } from './change-listeners.ts';
import { FleetRows } from './fleet-rows/fleet-rows.ts';
import type { OperatorToken } from './authorize.ts';
import { answerUnroutable, guardRequests } from './guard-requests.ts';
import { readDashboard } from './dashboard-files.ts';
import { liveHub } from './live/live-hub.ts';
import { openApiOptions } from './openapi.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { RouteContext } from './route-context.ts';
import { addRoutes } from './routes.ts';
import { rotationGlances } from './views/rotation-glance.ts';

export interface HttpApiOptions {
  readonly engine: Engine;
  readonly canaries: Canaries;
  readonly notifier: Notifier;
  readonly history: History;
  readonly operatorToken: OperatorToken;
  readonly bind: BindInfo;
  readonly version: string;
  /** What the collector calls itself in receipts. */
  readonly name: string;
  readonly receiptKeys: ReceiptKeys;
  readonly metrics: PrometheusText;
  readonly logger: FastifyBaseLogger;
  readonly clock: Clock;
  /** Long polls at a time; 256 by default. */
  readonly waitersMax?: number;
  /** Event streams at a time; 64 by default. */
  readonly streamsMax?: number;
  /** Heavy answers that may wait while one is made; 32 by default. */
  readonly heavyWaitingMax?: number;
}

const BODY_BYTES_MAX = 65_536;
const HEADER_BYTES_MAX = 16_384;
const CONNECTIONS_MAX = 2_048;

/** Time for a client to send its whole request, milliseconds. */
const REQUEST_MS = 30_000;

/**
 * The HTTP face of the collector, not yet listening. `close()` ends long polls and event streams
 * first, so that it does not wait for them.
 */
export function createHttpApi(options: HttpApiOptions): FastifyInstance {
  const { engine, bind } = options;
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: REQUEST_MS,
    requestIdHeader: false,
    routerOptions: { maxParamLength: 512 },
    // For URLs no route is looked up for; the hooks do not see them.
    frameworkErrors: answerUnroutable,
    ...serverOptions(bind),
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  acceptOnlyJson(app);
  const dashboard = readDashboard((err) =>
    app.log.error({ err }, 'the dashboard cannot be read; the status page is there without it'),
  );
  const page = dashboard?.page ?? null;
  guardRequests(app, { operatorToken: options.operatorToken, bind, page });
  const fleetRows = new FleetRows({ engine, clock: options.clock });
  const context: RouteContext = {
    engine,
    canaries: options.canaries,
    notifier: options.notifier,
    history: options.history,
    clock: options.clock,
    version: options.version,
    reports: reportsOf({
      engine,
      clock: options.clock,
      version: options.version,
      name: options.name,
      keys: options.receiptKeys,
    }),
    receiptKeys: options.receiptKeys,
    metrics: options.metrics,
    fleetRows,
    heavy: oneAtATime(options.heavyWaitingMax ?? 32),
    waiters: changeListeners(engine, options.waitersMax ?? 256),
    streams: changeListeners(engine, options.streamsMax ?? 64),
    dashboard,
    live: liveHub({
      engine,
      canaries: options.canaries,
      notifier: options.notifier,
      glances: rotationGlances(engine),
      version: options.version,
      clock: options.clock,
      build: dashboard?.build ?? '',
      versions: {
        fleet: () => fleetRows.version,
        audit: () => engine.auditHead().number,
        history: () => options.history.version(),
      },
      failed: (view, error) => app.log.error({ view, err: error }, 'a view could not be made'),
    }),
  };
  app.addHook('preClose', async () => {
    context.waiters.close();
    context.streams.close();
    context.live.close();
    context.fleetRows.close();
  });
  app.register(fastifySwagger, openApiOptions(options.version));
  app.register(async (scope) => {
    addRoutes(scope.withTypeProvider<ZodTypeProvider>(), context);
  });
  return app;
}

function serverOptions(bind: BindInfo): { http: { maxHeaderSize: number } } {
  const limits = { maxHeaderSize: HEADER_BYTES_MAX };
  if (bind.tls === null) return { http: limits };
  // Fastify types HTTP and HTTPS servers apart; the routes do not care which they run on.
  return { https: { ...limits, ...bind.tls, minVersion: 'TLSv1.2' } } as unknown as ReturnType<
    typeof serverOptions
  >;
}

function acceptOnlyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      // Some tools announce JSON and send nothing; the route's schema says whether it needs a body.
      if (body === '') done(null, undefined);
      else void parse(request, body, done);
    },
  );
}
