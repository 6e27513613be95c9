import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import type { ProbeOrders } from '@keyturn/shared/model/probe.ts';
import type { Ack } from '@keyturn/shared/model/report.ts';
import {
  acksToWire,
  goodbyeFromWire,
  helloFromWire,
  probeOrdersToWire,
  probeResultsFromWire,
  reportsFromWire,
  settingsToWire,
  welcomeToWire,
} from '@keyturn/shared/wire/codec.ts';
import type {
  FleetServiceServer,
  ReportRequest,
  ReportResponse,
  SessionRequest,
  SessionResponse,
} from '@keyturn/shared/wire/services.ts';
import type { Context } from '@opentelemetry/api';
import type { ProbeDesk } from '../canary/dispatcher.ts';
import type { Engine } from '../engine-port.ts';
import { StoreError } from '../store/store-error.ts';
import { callersContext, tracedReports } from '../telemetry/spans.ts';
import type { Identify } from './identify.ts';
import type { Breach } from './session.ts';
import { Session } from './session.ts';

/** What ingest tells of itself; one call per event, hostile text already bounded. */
export interface IngestEvents {
  sessionStarted(peer: string): void;
  sessionEnded(peer: string, reason: string): void;
  messageRefused(peer: string, field: string, message: string): void;
  reportsTaken(acks: readonly Ack[]): void;
  /** `problems`: why some of the results do not count. */
  probesAnswered(peer: string, count: number, problems: readonly string[]): void;
  failed(peer: string, error: unknown): void;
}

export interface FleetServiceOptions {
  readonly engine: Engine;
  readonly identify: Identify;
  readonly events: IngestEvents;
  /** Streams held at once; further ones are told to come back. */
  readonly sessionsMax?: number;
  /** Who hands out probes; null: nobody. */
  readonly probes?: ProbeDesk | null;
}

type Stream = ServerDuplexStream<SessionRequest, SessionResponse>;

/** The agents' service: one message of a stream is dealt with at a time, so a fast peer waits. */
export function fleetService(options: FleetServiceOptions): FleetServiceServer {
  const { engine, identify, events, sessionsMax = 100_000, probes: desk = null } = options;
  let sessions = 0;

  async function serve(stream: Stream): Promise<void> {
    const peer = identify.peer(stream);
    if (sessions >= sessionsMax) {
      fail(stream, status.RESOURCE_EXHAUSTED, `the collector holds ${sessionsMax} sessions`);
      return;
    }
    sessions += 1;
    const send = (orders: ProbeOrders): void => {
      if (stream.cancelled) return;
      stream.write({ message: { $case: 'probes', value: probeOrdersToWire(orders) } });
    };
    const reach = desk === null ? null : { desk, send };
    const session = new Session(`stream ${randomUUID()}`, peer, engine, identify, reach);
    const stopSettings = engine.onSettings((settings) => {
      if (!stream.cancelled) {
        stream.write({ message: { $case: 'settings', value: settingsToWire(settings) } });
      }
    });
    events.sessionStarted(peer.address);
    const caller = callersContext(stream.metadata);
    let reason = 'closed';
    try {
      // Left early, the stream must still carry its status to the peer.
      for await (const request of stream.iterator({ destroyOnReturn: false })) {
        const breach = await answer(
          stream,
          session,
          request as SessionRequest,
          peer.address,
          caller,
        );
        if (breach === undefined) continue;
        reason = `refused: ${breach.field}`;
        events.messageRefused(peer.address, breach.field, breach.message);
        engine.turnedAway(null, `${breach.field}: ${breach.message}`);
        fail(stream, status.INVALID_ARGUMENT, `${breach.field}: ${breach.message}`);
        return;
      }
      stream.end();
    } catch (error) {
      reason = 'broken';
      failStream(stream, peer.address, error);
    } finally {
      stopSettings();
      session.end();
      sessions -= 1;
      events.sessionEnded(peer.address, reason);
    }
  }

  async function answer(
    stream: Stream,
    session: Session,
    request: SessionRequest,
    peer: string,
    caller: Context,
  ): Promise<Breach | undefined> {
    switch (request.message?.$case) {
      case 'hello': {
        const hello = helloFromWire(request.message.value);
        if (!hello.ok) return hello;
        const welcome = await session.hello(hello.value);
        if ('message' in welcome) return welcome;
        return send(stream, { message: { $case: 'welcome', value: welcomeToWire(welcome) } });
      }
      case 'reports': {
        const reports = reportsFromWire(request.message.value);
        if (!reports.ok) return reports;
        const acks = await tracedReports(caller, () => session.reports(reports.value));
        events.reportsTaken(acks);
        return send(stream, { message: { $case: 'acks', value: acksToWire(acks) } });
      }
      case 'goodbye': {
        const goodbye = goodbyeFromWire(request.message.value);
        if (!goodbye.ok) return goodbye;
        await session.goodbye(goodbye.value);
        return undefined;
      }
      case 'probeResults': {
        const results = probeResultsFromWire(request.message.value);
        if (!results.ok) return results;
        const problems = await session.probeResults(results.value);
        events.probesAnswered(peer, results.value.length, problems);
        return undefined;
      }
      case undefined:
        return {
          field: 'message',
          message: 'expected hello, reports, goodbye or probe results, got none',
        };
    }
  }

  async function reportOnce(
    request: ReportRequest,
    peer: string,
    caller: Context,
  ): Promise<ReportResponse | Breach> {
    const hello = helloFromWire(request.hello);
    if (!hello.ok) return hello;
    // Named after the boot, so that the calls of one process are one session.
    const session = new Session(`unary ${hello.value.bootId}`, { address: peer }, engine, identify);
    const welcome = await session.hello(hello.value);
    if ('message' in welcome) return welcome;
    const reports = reportsFromWire(request.reports ?? { reports: [] });
    if (!reports.ok) return reports;
    const acks =
      reports.value.length === 0
        ? []
        : await tracedReports(caller, () => session.reports(reports.value));
    events.reportsTaken(acks);
    if (request.goodbye !== undefined) {
      const goodbye = goodbyeFromWire(request.goodbye);
      if (!goodbye.ok) return goodbye;
      await session.goodbye(goodbye.value);
    }
    return { welcome: welcomeToWire(welcome), acks: acksToWire(acks) };
  }

  function failStream(stream: Stream, peer: string, error: unknown): void {
    if (stream.cancelled) return;
    if (error instanceof StoreError) {
      fail(stream, status.UNAVAILABLE, 'the store refuses writes; reports cannot be kept now');
      return;
    }
    events.failed(peer, error);
    fail(stream, status.INTERNAL, 'the collector could not deal with this message');
  }

  return {
    session: (stream) => {
      void serve(stream);
    },
    report(
      call: ServerUnaryCall<ReportRequest, ReportResponse>,
      reply: sendUnaryData<ReportResponse>,
    ) {
      const peer = identify.peer(call).address;
      reportOnce(call.request, peer, callersContext(call.metadata)).then(
        (response) => {
          if (!('field' in response)) {
            reply(null, response);
            return;
          }
          events.messageRefused(peer, response.field, response.message);
          engine.turnedAway(null, `${response.field}: ${response.message}`);
          reply({
            code: status.INVALID_ARGUMENT,
            details: `${response.field}: ${response.message}`,
          });
        },
        (error: unknown) => {
          const unavailable = error instanceof StoreError;
          if (!unavailable) events.failed(peer, error);
          reply({
            code: unavailable ? status.UNAVAILABLE : status.INTERNAL,
            details: unavailable
              ? 'the store refuses writes; reports cannot be kept now'
              : 'the collector could not deal with this message',
          });
        },
      );
    },
  };
}

async function send(stream: Stream, response: SessionResponse): Promise<undefined> {
  if (!stream.write(response) && !stream.cancelled) {
    // A peer that does not read its acks gets no further work done for it.
    await Promise.race([once(stream, 'drain'), once(stream, 'close'), once(stream, 'cancelled')]);
  }
  return undefined;
}

function fail(stream: Stream, code: status, details: string): void {
  stream.emit('error', Object.assign(new Error(details), { code, details }));
}
