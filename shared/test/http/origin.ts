import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { systemClock } from '../../src/clock.ts';
import type { FetchOptions } from '../../src/http/fetch-document.ts';

/** A server on a free loopback port for one test; gives its address without a closing slash. */
export async function origin(t: Test, handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address that refuses connections. */
export async function closedAddress(): Promise<URL> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return new URL(`http://127.0.0.1:${port}`);
}

export function answer(body: string | Buffer, headers: Record<string, string> = {}) {
  const handler: RequestListener = (_request, response) =>
    response.writeHead(200, headers).end(body);
  return handler;
}

export function options(over: Partial<FetchOptions> = {}): FetchOptions {
  return {
    timeoutMs: 5_000,
    bytesMax: 1_048_576,
    ca: null,
    userAgent: 'keyturn-test',
    clock: systemClock,
    signal: new AbortController().signal,
    ...over,
  };
}
