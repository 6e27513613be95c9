import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';

/** An issuer whose answers a test decides, over real HTTP. */
export interface Upstream extends AsyncDisposable {
  readonly origin: string;
  /** What the next requests get. */
  behave: RequestListener;
  /** Paths asked for so far. */
  readonly asked: string[];
}

export async function startUpstream(
  behave: RequestListener,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Upstream> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.url ?? '');
    response.on('error', () => undefined);
    upstream.behave(request, response);
  };
  const server: Server =
    tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const upstream: Upstream = {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    behave,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

/** Answers with a body, as JSON unless told otherwise. */
export function answer(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/jwk-set+json', ...headers });
    response.end(body);
  };
}

/** A public EC key as an entry of a key set. */
export function publicKey(kid: string): Readonly<Record<string, unknown>> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' };
}

/** A key set with its own way of spacing, so that a rewritten copy shows. */
export function keySet(...keys: readonly unknown[]): string {
  return `${JSON.stringify({ keys }, null, 3)}\n\n`;
}

/** Waits until `holds`, looking every few milliseconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`did not happen within 10s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
