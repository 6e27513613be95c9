import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { messageOf } from '@keyturn/shared/errors.ts';
import { FleetServiceClient } from '@keyturn/shared/wire/services.ts';
import type { ChannelOptions, ServiceError } from '@grpc/grpc-js';
import { ChannelCredentials, connectivityState, status } from '@grpc/grpc-js';
import type { Break } from './session-events.ts';
import type { TlsOptions } from './tls-options.ts';

// One channel per connection: the session decides when to try again, so the channel's own backoff,
// retries and sharing stay out of it.
const OPTIONS: ChannelOptions = {
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
};

/** A client for one connection. Its sockets never keep the process alive. */
export function openClient(address: string, tls: TlsOptions | undefined): FleetServiceClient {
  return new FleetServiceClient(address, unreferenced(credentialsOf(tls)), {
    ...OPTIONS,
    ...(tls?.serverName === undefined
      ? {}
      : {
          'grpc.ssl_target_name_override': tls.serverName,
          'grpc.default_authority': tls.serverName,
        }),
  });
}

function credentialsOf(tls: TlsOptions | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  const pem = (text: string | Uint8Array | undefined) =>
    text === undefined ? null : Buffer.from(text);
  return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

/**
 * Connects without a call waiting, as grpc-js keeps the process alive for a waiting call; then calls
 * `ready`. Also when connecting failed: a call then fails at once and says why.
 */
export function whenConnected(client: FleetServiceClient, ready: () => void): void {
  const channel = client.getChannel();
  const look = () => {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE) {
      ready();
    } else if (state !== connectivityState.SHUTDOWN) {
      channel.watchConnectivityState(state, Infinity, look);
    }
  };
  connecting.run(true, () => {
    subscribe(SOCKET_OPENED, unrefConnecting);
    look();
  });
}

/** To be called when the client of `whenConnected` is done with. */
export function closeClient(client: FleetServiceClient): void {
  unsubscribe(SOCKET_OPENED, unrefConnecting);
  client.close();
}

export function breakOf(error: unknown): Break {
  const { code, details } = error as Partial<ServiceError>;
  const kind = code === status.UNIMPLEMENTED ? 'unimplemented' : 'failed';
  if (code === undefined) return { kind, reason: messageOf(error) };
  // grpc-js adds a note about name resolution, most often an empty one.
  const detail = (details ?? '').replace(/\s*Resolution note:\s*$/, '');
  return { kind, reason: `${status[code]}: ${detail}` };
}

const SOCKET_OPENED = 'net.client.socket';
const connecting = new AsyncLocalStorage<true>();

// While a connection is being made grpc-js has no handle to give; the socket is told here.
function unrefConnecting(message: unknown): void {
  if (connecting.getStore() !== true) return;
  const { socket } = message as { readonly socket: Socket };
  keepUnreferenced(socket);
  process.nextTick(() => {
    socket.unref();
  });
}

// grpc-js references the socket of a session while a call is open, and ours always is.
function keepUnreferenced<T extends Socket>(socket: T): T {
  socket.unref();
  socket.ref = () => socket;
  return socket;
}

function unreferenced(credentials: ChannelCredentials): ChannelCredentials {
  // oxlint-disable-next-line no-underscore-dangle
  const create = credentials._createSecureConnector.bind(credentials);
  // oxlint-disable-next-line no-underscore-dangle
  credentials._createSecureConnector = (...args) => {
    const connector = create(...args);
    const connect = connector.connect.bind(connector);
    connector.connect = async (tcp) => {
      const result = await connect(keepUnreferenced(tcp));
      keepUnreferenced(result.socket);
      return result;
    };
    return connector;
  };
  return credentials;
}
