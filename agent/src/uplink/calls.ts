import type { Hello, Report, VerifierHello } from '@keyturn/shared/model/report.ts';
import {
  acksFromWire,
  goodbyeToWire,
  helloToWire,
  reportsToWire,
  welcomeFromWire,
} from '@keyturn/shared/wire/codec.ts';
import type { ReportResponse } from '@keyturn/shared/wire/services.ts';
import type { Metadata } from '@grpc/grpc-js';
import { breakOf, closeClient, openClient, whenConnected } from './channel.ts';
import type { Connection, ConnectionEvents } from './connection.ts';
import { onceBroken } from './connection.ts';
import type { TlsOptions } from './tls-options.ts';

const CALL_WITHIN_MS = 10_000;

/** What one call says, in the session's handles. */
interface Talk {
  readonly handles: readonly number[];
  readonly reports: readonly Report[];
  readonly goodbye: string | undefined;
}

/** FleetService.Report: the same talk as single calls, each naming the verifiers it speaks of. */
export function openCalls(
  address: string,
  tls: TlsOptions | undefined,
  metadata: () => Metadata,
  listener: ConnectionEvents,
): Connection {
  const events = onceBroken(listener);
  const client = openClient(address, tls);
  const known = new Map<number, VerifierHello>();
  let head: Omit<Hello, 'verifiers'> | undefined;
  let ready = false;
  let busy = false;
  let finished = false;
  let over = false;
  const queue: Talk[] = [];

  const end = (reason: unknown) => {
    if (over) return;
    over = true;
    closeClient(client);
    events.broken(breakOf(reason));
  };

  // One call at a time, so that reports arrive in the order of their numbers.
  const next = () => {
    if (over || busy || !ready || head === undefined) return;
    const talk = queue.shift();
    if (talk === undefined) {
      if (finished) end(new Error('finished'));
      return;
    }
    busy = true;
    const { request, handles } = requestOf(talk, head, known);
    if (talk.goodbye !== undefined) for (const handle of handles) known.delete(handle);
    const deadline = Date.now() + CALL_WITHIN_MS;
    client.report(request, metadata(), { deadline }, (error, response) => {
      busy = false;
      if (error !== null) return end(error);
      receive(response, handles, events);
      next();
    });
  };
  const say = (talk: Talk) => {
    if (over || finished) return;
    queue.push(talk);
    next();
  };

  whenConnected(client, () => {
    ready = true;
    next();
  });

  return {
    hello({ verifiers, ...rest }) {
      head = rest;
      for (const verifier of verifiers) known.set(verifier.handle, verifier);
      say({ handles: verifiers.map(({ handle }) => handle), reports: [], goodbye: undefined });
    },
    reports(reports) {
      say({ handles: reports.map(({ handle }) => handle), reports, goodbye: undefined });
    },
    goodbye({ handles, reason }) {
      say({ handles, reports: [], goodbye: reason });
    },
    finish() {
      finished = true;
      next();
    },
    abort() {
      events.mute();
      end(new Error('aborted'));
    },
  };
}

function requestOf(
  talk: Talk,
  head: Omit<Hello, 'verifiers'>,
  known: ReadonlyMap<number, VerifierHello>,
) {
  const handles = talk.handles.filter((handle) => known.has(handle));
  const positions = new Map(handles.map((handle, position) => [handle, position]));
  const verifiers = handles.flatMap((handle, position) => {
    const verifier = known.get(handle);
    return verifier === undefined ? [] : [{ ...verifier, handle: position }];
  });
  const reports = talk.reports.flatMap((report) => {
    const handle = positions.get(report.handle);
    return handle === undefined ? [] : [{ ...report, handle }];
  });
  return {
    handles,
    request: {
      hello: helloToWire({ ...head, verifiers }),
      reports: reports.length === 0 ? undefined : reportsToWire(reports),
      goodbye:
        talk.goodbye === undefined
          ? undefined
          : goodbyeToWire({ handles: [...handles.keys()], reason: talk.goodbye }),
    },
  };
}

function receive(
  response: ReportResponse,
  handles: readonly number[],
  events: ConnectionEvents,
): void {
  const own = <T extends { readonly handle: number }>(items: readonly T[]): readonly T[] =>
    items.flatMap((item) => {
      const handle = handles[item.handle];
      return handle === undefined ? [] : [{ ...item, handle }];
    });
  if (response.welcome !== undefined) {
    const welcome = welcomeFromWire(response.welcome);
    if (welcome.ok) {
      events.welcome({ ...welcome.value, assignments: own(welcome.value.assignments) });
    } else events.unreadable(`${welcome.field}: ${welcome.message}`);
  }
  if (response.acks !== undefined) {
    const acks = acksFromWire(response.acks);
    if (acks.ok) events.acks(own(acks.value));
    else events.unreadable(`${acks.field}: ${acks.message}`);
  }
}
