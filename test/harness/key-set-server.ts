import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { listenOnLoopback } from './listen.ts';

/** A JWKS address that serves whatever it is told to. */
export interface KeySetServer {
  /** Exact `iss`. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** Answers every request from now on. */
  answer(handle: (response: ServerResponse) => void): void;
  /** Serves these public JWKs as a key set from now on. */
  serve(keys: readonly object[], headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

export async function startKeySetServer(keys: readonly object[]): Promise<KeySetServer> {
  let handle: (response: ServerResponse) => void = () => undefined;
  const listening = await listenOnLoopback(
    createServer((_request, response) => {
      handle(response);
    }),
  );
  const server: KeySetServer = {
    issuer: listening.url,
    jwksUri: `${listening.url}/jwks`,
    answer(next) {
      handle = next;
    },
    serve(served, headers = {}) {
      const body = JSON.stringify({ keys: served });
      handle = (response) => {
        response.writeHead(200, { 'content-type': 'application/jwk-set+json', ...headers });
        response.end(body);
      };
    },
    close: () => listening.close(),
  };
  server.serve(keys);
  return server;
}
