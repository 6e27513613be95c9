import { goodbyeToWire, helloToWire, reportsToWire } from '@keyturn/shared/wire/codec.ts';
import {
  acksFromWire,
  probeOrdersFromWire,
  probeResultsToWire,
  settingsFromWire,
  welcomeFromWire,
} from '@keyturn/shared/wire/codec.ts';
import type {
  FleetServiceClient,
  SessionRequest,
  SessionResponse,
} from '@keyturn/shared/wire/services.ts';
import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { breakOf, closeClient, openClient, whenConnected } from './channel.ts';
import type { Connection, ConnectionEvents } from './connection.ts';
import { onceBroken } from './connection.ts';
import type { TlsOptions } from './tls-options.ts';

type Message = NonNullable<SessionRequest['message']>;

/** FleetService.Session: one long stream. */
export function openStream(
  address: string,
  tls: TlsOptions | undefined,
  metadata: () => Metadata,
  listener: ConnectionEvents,
): Connection {
  const events = onceBroken(listener);
  const client = openClient(address, tls);
  const waiting: Message[] = [];
  let call: ClientDuplexStream<SessionRequest, SessionResponse> | undefined;
  let finished = false;
  let over = false;

  const end = (reason: unknown) => {
    if (over) return;
    over = true;
    closeClient(client);
    events.broken(breakOf(reason));
  };
  const send = (message: Message) => {
    if (over || finished) return;
    if (call === undefined) waiting.push(message);
    else call.write({ message });
  };

  whenConnected(client, () => {
    if (over) return;
    call = startCall(client, metadata(), events, end);
    for (const message of waiting.splice(0)) call.write({ message });
    if (finished) call.end();
  });

  return {
    hello: (hello) => {
      send({ $case: 'hello', value: helloToWire(hello) });
    },
    reports: (reports) => {
      send({ $case: 'reports', value: reportsToWire(reports) });
    },
    goodbye: (goodbye) => {
      send({ $case: 'goodbye', value: goodbyeToWire(goodbye) });
    },
    probeResults: (results) => {
      send({ $case: 'probeResults', value: probeResultsToWire(results) });
    },
    finish() {
      finished = true;
      call?.end();
    },
    abort() {
      events.mute();
      call?.cancel();
      end(new Error('aborted'));
    },
  };
}

function startCall(
  client: FleetServiceClient,
  metadata: Metadata,
  events: ConnectionEvents,
  end: (reason: unknown) => void,
): ClientDuplexStream<SessionRequest, SessionResponse> {
  const call = client.session(metadata);
  call.on('data', (response: SessionResponse) => {
    receive(response, events);
  });
  call.on('error', end);
  call.on('end', () => {
    end(new Error('the collector ended the stream'));
  });
  return call;
}

function receive({ message }: SessionResponse, events: ConnectionEvents): void {
  switch (message?.$case) {
    case 'welcome': {
      const welcome = welcomeFromWire(message.value);
      return welcome.ok
        ? events.welcome(welcome.value)
        : events.unreadable(`${welcome.field}: ${welcome.message}`);
    }
    case 'acks': {
      const acks = acksFromWire(message.value);
      return acks.ok
        ? events.acks(acks.value)
        : events.unreadable(`${acks.field}: ${acks.message}`);
    }
    case 'settings': {
      const settings = settingsFromWire(message.value);
      return settings.ok
        ? events.settings(settings.value)
        : events.unreadable(`${settings.field}: ${settings.message}`);
    }
    case 'probes': {
      const orders = probeOrdersFromWire(message.value);
      return orders.ok
        ? events.probes(orders.value)
        : events.unreadable(`${orders.field}: ${orders.message}`);
    }
    case undefined:
      return events.unreadable(
        'message: expected welcome, acks, settings or probes, got none of them',
      );
  }
}
