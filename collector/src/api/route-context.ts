import type { Clock } from '@keyturn/shared/clock.ts';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Canaries } from '../canary/canaries.ts';
import type { Engine } from '../engine-port.ts';
import type { History } from '../history/history.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { ReceiptKeys } from '../receipt/receipt-keys.ts';
import type { Reports } from '../report/reports.ts';
import type { PrometheusText } from '../telemetry/prometheus-text.ts';
import type { ChangeListeners } from './change-listeners.ts';
import type { Dashboard } from './dashboard-files.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { FleetRows } from './fleet-rows/fleet-rows.ts';
import type { OneAtATime } from './one-at-a-time.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `operator`: the route changes state and needs the operator token. */
    access?: 'operator';
  }
}

/** The HTTP application as routes see it: schemas in zod. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What routes work with. */
export interface RouteContext {
  readonly engine: Engine;
  readonly canaries: Canaries;
  readonly notifier: Notifier;
  readonly history: History;
  readonly clock: Clock;
  readonly version: string;
  readonly reports: Reports;
  readonly receiptKeys: ReceiptKeys;
  readonly metrics: PrometheusText;
  /** All verifiers as rows with versions. */
  readonly fleetRows: FleetRows;
  /** For answers that read much of the store or the fleet. */
  readonly heavy: OneAtATime;
  /** Long polls in progress. */
  readonly waiters: ChangeListeners;
  /** Open event streams. */
  readonly streams: ChangeListeners;
  /** Dashboards that are watching. */
  readonly live: LiveHub;
  /** Null: it was not built. */
  readonly dashboard: Dashboard | null;
}
