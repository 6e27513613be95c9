import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { formatAddress, isLoopback, type Address } from '@keyturn/shared/address.ts';
import type { Clock } from '@keyturn/shared/clock.ts';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import type { Teardown } from '@keyturn/shared/teardown.ts';
import type { AgentConfig, VerifierConfig } from '../config.ts';
import type { ConfigFiles } from '../config/files.ts';
import { sendProblem } from '../http-guard.ts';
import { createLedger } from '../ledger/memory-ledger.ts';
import type { Reporter } from '../ledger/ledger.ts';
import { closeServer, listenAt, SERVER_LIMITS } from '../listening.ts';
import type { SidecarEvents } from '../sidecar-events.ts';
import { handleProxyRequest, type ProxyHandlerOptions, type ProxyRoute } from './handler.ts';
import { IssuerSource } from './issuer-source.ts';
import { ownIdentity, type ServerIdentity } from './own-authority.ts';
import { ProxiedVerifier } from './proxied-verifier.ts';
import { addRoutes, folderOf, JWKS_FILE } from './routes.ts';

const CLOSE_GRACE_MS = 1_000;

export interface ProxyOptions {
  readonly config: AgentConfig;
  readonly files: ConfigFiles;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly reporter: Reporter;
  readonly events: SidecarEvents;
}

/** Where one verifier finds the keys of one issuer. */
export interface ProxiedUrl {
  /** `service/instance/cache`. */
  readonly verifier: string;
  readonly issuer: string;
  readonly url: string;
}

/** The local key set endpoint, running. */
export interface Proxy {
  /** `http://127.0.0.1:7462` and, where configured, `https://…`. */
  readonly origins: readonly string[];
  readonly urls: readonly ProxiedUrl[];
  /** What to trust for https, when the agent made its own certificate. */
  readonly caFile: string | null;
}

/**
 * Starts to fetch every issuer's keys and to serve them, one URL per verifier and issuer. What it
 * made goes to `teardown` at once, so that a failed start leaves nothing behind.
 *
 * @throws ListenError when a port cannot be had.
 */
export async function startProxy(options: ProxyOptions, teardown: Teardown): Promise<Proxy> {
  const { config, clock, events } = options;
  const routes = buildRoutes(options, teardown);
  const handler: ProxyHandlerOptions = {
    routes,
    hosts: new Set(config.proxy.hosts.map((host) => host.toLowerCase())),
    cacheControl: config.proxy.cacheControl,
    clock,
  };
  const origins = [await startHttp(handler, options, teardown)];
  let caFile: string | null = null;
  if (config.proxy.https !== null) {
    const identity = await identityOf(options, config.proxy.https);
    caFile = identity.caFile;
    origins.push(await startHttps(handler, identity, config.proxy.https.listen, options, teardown));
  }
  const urls = origins.flatMap((origin) => urlsOf(config, origin));
  for (const origin of origins) events.proxyListening(origin);
  for (const url of urls) events.proxyUrl(url);
  return { origins, urls, caFile };
}

function buildRoutes(options: ProxyOptions, teardown: Teardown): ReadonlyMap<string, ProxyRoute> {
  const { config, reporter } = options;
  const proxied = config.verifiers.filter((verifier) => verifier.via === 'proxy');
  const routes = new Map<string, ProxyRoute>();
  const verifiersOf = new Map<string, ProxiedVerifier[]>();
  const sources = startSources(options, proxied, verifiersOf, teardown);
  for (const entry of proxied) {
    const ledger = createLedger({ ...entry, source: 'proxy', cacheKind: 'public' });
    const verifier = new ProxiedVerifier(ledger, reporter);
    for (const issuer of entry.issuers) {
      const source = sources.get(issuer);
      if (source === undefined) continue;
      verifiersOf.get(issuer)?.push(verifier);
      addRoutes(routes, folderOf(entry, source.config), verifier, source);
    }
    reporter.add(ledger);
    if (config.onStop === 'silence') {
      teardown.add('reports', () => {
        reporter.silence(ledger);
      });
    }
  }
  return routes;
}

function startSources(
  options: ProxyOptions,
  proxied: readonly VerifierConfig[],
  verifiersOf: Map<string, ProxiedVerifier[]>,
  teardown: Teardown,
): ReadonlyMap<string, IssuerSource> {
  const { config, files, clock, random, events } = options;
  const wanted = new Set(proxied.flatMap((verifier) => verifier.issuers));
  const sources = new Map<string, IssuerSource>();
  for (const issuer of config.issuers.filter((entry) => wanted.has(entry.issuer))) {
    const verifiers: ProxiedVerifier[] = [];
    verifiersOf.set(issuer.issuer, verifiers);
    const source = new IssuerSource({
      config: issuer,
      ca: files.issuerCa.get(issuer.issuer) ?? null,
      clock,
      random,
      onAttempt: (source) => {
        events.issuerAttempt(source);
        for (const verifier of verifiers) verifier.sync(source);
      },
    });
    sources.set(issuer.issuer, source);
    teardown.add('issuer source', () => {
      source[Symbol.dispose]();
    });
    void source.refresh();
  }
  return sources;
}

async function startHttp(
  handler: ProxyHandlerOptions,
  options: ProxyOptions,
  teardown: Teardown,
): Promise<string> {
  const server = createServer(SERVER_LIMITS);
  teardown.add('proxy', () => closeServer(server, CLOSE_GRACE_MS));
  const bound = await listenAt(server, options.config.proxy.listen, 'proxy.listen');
  return serve(server, handler, `http://${formatAddress(bound)}`, options.events);
}

async function startHttps(
  handler: ProxyHandlerOptions,
  identity: ServerIdentity,
  listen: Address,
  options: ProxyOptions,
  teardown: Teardown,
): Promise<string> {
  const { cert, key } = identity;
  const server = createTlsServer({ ...SERVER_LIMITS, cert, key, minVersion: 'TLSv1.2' });
  teardown.add('proxy', () => closeServer(server, CLOSE_GRACE_MS));
  const bound = await listenAt(server, listen, 'proxy.https.listen');
  const host = options.config.proxy.hosts[0] ?? (isWildcard(bound.host) ? 'localhost' : bound.host);
  const origin = `https://${formatAddress({ host, port: bound.port })}`;
  return serve(server, { ...handler, hosts: null }, origin, options.events);
}

function serve(
  server: Server,
  handler: ProxyHandlerOptions,
  origin: string,
  events: SidecarEvents,
): string {
  server.on('request', (request, response) => {
    handleProxyRequest(handler, origin, request, response).catch((error: unknown) => {
      events.fault('proxy.request', error);
      if (!response.headersSent) sendProblem(response, 500, 'the agent failed');
      else response.destroy();
    });
  });
  return origin;
}

async function identityOf(
  { config, files, hostname, clock, events }: ProxyOptions,
  https: NonNullable<AgentConfig['proxy']['https']>,
): Promise<ServerIdentity & { readonly caFile: string | null }> {
  if (files.https !== null) return { ...files.https, caFile: null };
  const bound =
    isWildcard(https.listen.host) || isLoopback(https.listen.host) ? [] : [https.listen.host];
  const names = ['localhost', '127.0.0.1', '::1', hostname, ...config.proxy.hosts, ...bound];
  const own = await ownIdentity(https.directory, [...new Set(names)], clock.wallMs());
  if (own.isNew) events.authorityMade(own.caFile);
  return own;
}

/** Every URL that proxied verifiers have under `origin`. */
export function urlsOf(config: AgentConfig, origin: string): readonly ProxiedUrl[] {
  return config.verifiers
    .filter((verifier) => verifier.via === 'proxy')
    .flatMap((verifier) =>
      config.issuers
        .filter((issuer) => verifier.issuers.includes(issuer.issuer))
        .map((issuer) => ({
          verifier: verifierKey(verifier.id),
          issuer: issuer.issuer,
          url: `${origin}${folderOf(verifier, issuer)}/${JWKS_FILE}`,
        })),
    );
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
