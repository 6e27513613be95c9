import { Metadata } from '@grpc/grpc-js';
import { openCalls } from './calls.ts';
import type { Dialer } from './connection.ts';
import { openStream } from './stream.ts';
import type { TlsOptions } from './tls-options.ts';

/**
 * Connections over gRPC. `address` is `host:port`, or `unix:` and a path; `metadata` makes what each stream
 * and each call carries beside its messages.
 */
export function grpcDialer(
  address: string,
  tls: TlsOptions | undefined,
  metadata: () => Metadata = () => new Metadata(),
): Dialer {
  return (mode, events) =>
    mode === 'stream'
      ? openStream(address, tls, metadata, events)
      : openCalls(address, tls, metadata, events);
}
