import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { type Address, formatAddress } from '@keyturn/shared/address.ts';
import { listenError } from '@keyturn/shared/listen-error.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { reflectedPackage } from '@keyturn/shared/wire/reflection.ts';
import { HealthImplementation } from 'grpc-health-check';
import type { ListenTls } from './config/listen.ts';

export interface GrpcServer {
  /** The port bound, for `:0`. */
  readonly port: number;
  /** Lets running calls end for a moment, then cuts them off. */
  close(): Promise<void>;
}

const DRAIN_MS = 1_000;

/** Serves what `addServices` adds, with standard health and reflection. @throws ListenError */
export async function startGrpcServer(
  listen: Address,
  tls: ListenTls | null,
  addServices: (server: Server) => void,
): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': REPORT_LIMITS.messageBytes,
    // A peer that vanished without a word is noticed within half a minute.
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_concurrent_streams': 1_000,
  });
  addServices(server);
  const health = new HealthImplementation({ '': 'SERVING' });
  health.addToServer(server);
  new ReflectionService(reflectedPackage()).addToServer(server);
  const port = await bind(server, listen, tls);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        health.setStatus('', 'NOT_SERVING');
        const cutOff = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, DRAIN_MS);
        server.tryShutdown(() => {
          clearTimeout(cutOff);
          resolve();
        });
      }),
  };
}

function bind(server: Server, listen: Address, tls: ListenTls | null): Promise<number> {
  const credentials =
    tls === null
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) },
        ]);
  return new Promise((resolve, reject) => {
    server.bindAsync(formatAddress(listen), credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(listen, 'listen.grpc', error));
    });
  });
}
