import { once } from 'node:events';
import type { Server } from 'node:http';

/** A server that accepts connections on loopback. */
export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:port`, without a closing slash. */
  readonly url: string;
  /** Stops at once: open connections are cut. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1; port 0 takes a free one.
 * @throws the server's own error, such as EADDRINUSE.
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<Listening> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      await closed;
    },
  };
}
