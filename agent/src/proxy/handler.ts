import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@keyturn/shared/clock.ts';
import { guardProblem, sendJson, sendProblem } from '../http-guard.ts';
import type { IssuerDocument, IssuerSource } from './issuer-source.ts';
import type { ProxiedVerifier } from './proxied-verifier.ts';
import type { Route } from './routes.ts';

export type ProxyRoute = Route<ProxiedVerifier, IssuerSource>;

export interface ProxyHandlerOptions {
  readonly routes: ReadonlyMap<string, ProxyRoute>;
  /** Names besides loopback by which verifiers reach the proxy; null: TLS has seen to the name. */
  readonly hosts: ReadonlySet<string> | null;
  /** Header value, or `upstream`. */
  readonly cacheControl: string;
  readonly clock: Clock;
}

/** Answers one request to the proxy. Never rejects. */
export async function handleProxyRequest(
  options: ProxyHandlerOptions,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refused = guardProblem(request, options.hosts);
  if (refused !== undefined) return sendProblem(response, 403, refused);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendProblem(response, 405, 'expected GET or HEAD', { allow: 'GET, HEAD' });
  }
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
  const route = options.routes.get(path);
  if (route === undefined) return sendProblem(response, 404, 'no verifier has this URL');
  if (route.kind === 'discovery') return sendDiscovery(route, origin, options, response);
  const document = await route.source.answer();
  if (document === null) return sendUnavailable(route.source, options.clock, response);
  const isLook = request.method === 'HEAD' || new URLSearchParams(query).has('look');
  sendKeySet(route, document, options, request, response, isLook);
}

// What the bytes are is settled by their hash, so a 304 says as much as the document itself. `*`
// would match without proving what the verifier holds: it gets the document.
function sendKeySet(
  route: ProxyRoute,
  document: IssuerDocument,
  options: ProxyHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  isLook: boolean,
): void {
  if (!isLook) {
    // Only what was handed over whole counts as served.
    response.once('finish', () => {
      route.verifier.wasServed(route.source, document, options.clock.monotonicMs());
    });
  }
  const headers = {
    etag: document.etag,
    ...cacheControlOf(document, options.cacheControl),
    'x-content-type-options': 'nosniff',
  };
  if (isCurrent(request.headers['if-none-match'], document.etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    'content-type': document.contentType ?? 'application/json',
    'content-length': document.body.byteLength,
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : document.body);
}

function isCurrent(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined && header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  );
}

function cacheControlOf(
  document: IssuerDocument,
  cacheControl: string,
): { readonly 'cache-control'?: string } {
  if (cacheControl !== 'upstream') return { 'cache-control': cacheControl };
  return document.cacheControl === null ? {} : { 'cache-control': document.cacheControl };
}

async function sendDiscovery(
  route: ProxyRoute,
  origin: string,
  options: ProxyHandlerOptions,
  response: ServerResponse,
): Promise<void> {
  const { source } = route;
  if (source.config.discovery === null) {
    return sendProblem(response, 404, 'this issuer is no URL and has no discovery document');
  }
  const found = await source.discovery.read();
  if (!found.ok) return sendUnavailable(source, options.clock, response, found.message);
  sendJson(
    response,
    200,
    { ...found.document, jwks_uri: `${origin}${route.jwksPath}` },
    { 'cache-control': 'no-cache' },
  );
}

function sendUnavailable(
  source: IssuerSource,
  clock: Clock,
  response: ServerResponse,
  why = source.health.message,
): void {
  const waitS = Math.ceil((source.nextAttemptAtMs - clock.monotonicMs()) / 1_000);
  sendProblem(response, 503, `the issuer's keys cannot be had: ${why || 'not fetched yet'}`, {
    'retry-after': String(Math.min(Math.max(waitS, 1), 60)),
  });
}
