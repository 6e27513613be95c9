import type { handleServerStreamingCall, Server } from '@grpc/grpc-js';
import {
  type AlertFilterMessage,
  type AlertMessage,
  type AlertServiceServer,
  AlertServiceService,
  type WatchAlertsRequest,
  type WatchAlertsResponse,
} from '@keyturn/shared/wire/services.ts';
import type { AlertRecord } from '../core/alerts/alert.ts';
import type { Engine } from '../engine-port.ts';
import { ApiError } from './api-error.ts';
import { grpcError } from './grpc-errors.ts';
import type { AlertView } from './schemas/alert.ts';
import { alarms, alertViews } from './views/alert.ts';
import { type AlertFilter, alertList, isAsked } from './views/alert-list.ts';

const WATCHERS_MAX = 256;
const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

/** Longest text of a filter, as over HTTP. */
const TEXT_CHARS_MAX = 512;

/** What fires, over gRPC. Reading needs no token. */
export function alertService(
  engine: Engine,
  limits: { readonly watchersMax?: number } = {},
): AlertServiceServer {
  const watchersMax = limits.watchersMax ?? WATCHERS_MAX;
  let watchers = 0;
  return {
    listAlerts(call, callback) {
      try {
        const { filter, pageSize, pageToken } = call.request;
        const limit = pageSize === 0 ? PAGE_DEFAULT : Math.min(pageSize, PAGE_MAX);
        const state = engine.state();
        const page = alertList(state, readFilter(filter), { after: pageToken, limit });
        callback(null, {
          alerts: page.alerts.map(alertMessages(engine)),
          nextPageToken: page.next ?? '',
          alarms: alarms(state).length,
        });
      } catch (error) {
        callback(grpcError(error));
      }
    },
    watchAlerts(call) {
      try {
        const filter = readFilter(call.request.filter);
        if (watchers >= watchersMax) throw new ApiError('BUSY', 'Too many are watching alerts.');
        watchers += 1;
        watch(engine, filter, call, () => {
          watchers -= 1;
        });
      } catch (error) {
        // grpc-js turns this event into the call's status.
        call.emit('error', grpcError(error));
      }
    },
  };
}

/** Adds the alert service to a server. */
export function registerAlerts(server: Server, engine: Engine): void {
  server.addService(AlertServiceService, { ...alertService(engine) });
}

/** Sends what there is, then what changed, until the reader goes. */
function watch(
  engine: Engine,
  filter: AlertFilter,
  call: Parameters<handleServerStreamingCall<WatchAlertsRequest, WatchAlertsResponse>>[0],
  onEnd: () => void,
): void {
  const news = alertNews(engine, filter);
  let isFull = false;
  let isOver = false;
  const send = (isFirst: boolean): void => {
    // A slow reader gets what changed when it has caught up, not every change between.
    if (isFull || call.cancelled) return;
    const alerts = news();
    if (alerts.length > 0 || isFirst) isFull = !call.write({ alerts: [...alerts] });
  };
  const unsubscribe = engine.onNews(() => send(false));
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    unsubscribe();
    onEnd();
  };
  call.on('cancelled', end);
  call.on('close', end);
  call.on('drain', () => {
    isFull = false;
    send(false);
  });
  send(true);
}

/** Gives at each call the alerts that differ from what was given before. */
function alertNews(engine: Engine, filter: AlertFilter): () => readonly AlertMessage[] {
  let given = new Map<string, string>();
  return () => {
    const news: AlertMessage[] = [];
    const next = new Map<string, string>();
    const messageOf = alertMessages(engine);
    for (const alert of engine.state().alerts.values()) {
      const isOver = alert.status === 'resolved';
      // One that is over is told to whoever was told of it, also where only firing ones are asked for.
      const isOfInterest = isOver ? given.has(alert.id) : isAsked(alert, filter);
      if (!isOfInterest) continue;
      const message = messageOf(alert);
      const print = JSON.stringify(message);
      if (given.get(alert.id) !== print) news.push(message);
      if (!isOver) next.set(alert.id, print);
    }
    given = next;
    return news;
  };
}

function alertMessages(engine: Engine): (alert: AlertRecord) => AlertMessage {
  const viewOf = alertViews(engine.state(), engine.nowMs());
  return (alert) => alertMessage(alert, viewOf(alert));
}

function alertMessage(alert: AlertRecord, view: AlertView): AlertMessage {
  return {
    id: view.id,
    name: view.name,
    title: view.title,
    labels: { ...alert.labels },
    severity: view.severity,
    status: view.status,
    firing: view.firing,
    sinceUnixMs: alert.sinceMs,
    firedAtUnixMs: alert.firedAtMs ?? undefined,
    resolvedAtUnixMs: alert.resolvedAtMs ?? undefined,
    summary: view.summary,
    details: view.details,
    acknowledgedBy: view.acknowledged?.by ?? '',
    silencedBy: view.silenced_by ?? '',
    inhibitedBy: view.inhibited_by ?? '',
    shutsGates: view.shuts_gates,
    advisesRollback: view.advises_rollback,
  };
}

function readFilter(message: AlertFilterMessage | undefined): AlertFilter {
  if (message === undefined) return {};
  const { firing, issuer, name, rotationId, service } = message;
  const texts = { name, rotation_id: rotationId, issuer, service };
  for (const [field, text] of Object.entries(texts)) {
    if (text.length > TEXT_CHARS_MAX) {
      const got = `expected at most ${TEXT_CHARS_MAX} characters, got ${text.length}`;
      throw new ApiError('INVALID', got, `filter.${field}`);
    }
  }
  return {
    firing: firing ? true : undefined,
    name: orUndefined(name),
    rotation: orUndefined(rotationId),
    issuer: orUndefined(issuer),
    service: orUndefined(service),
  };
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}
