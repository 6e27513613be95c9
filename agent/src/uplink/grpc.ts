import { openCalls } from './calls.ts';
import type { Dialer } from './connection.ts';
import { openStream } from './stream.ts';
import type { TlsOptions } from './tls-options.ts';

/** Connections over gRPC. `address` is `host:port`, or `unix:` and a path. */
export function grpcDialer(address: string, tls: TlsOptions | undefined): Dialer {
  return (mode, events) =>
    mode === 'stream' ? openStream(address, tls, events) : openCalls(address, tls, events);
}
