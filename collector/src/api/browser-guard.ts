import { ApiError } from './api-error.ts';

/** What of a request tells whether a browser sent it on behalf of another site. */
export interface RequestOrigin {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  readonly fetchDest: string | undefined;
}

/** Where the server is reached. */
export interface OwnAddress {
  readonly tls: boolean;
  /** Port of the socket the request came in on. */
  readonly port: number | undefined;
  /** Address of the socket the request came in on; a page cannot make a name out of it. */
  readonly address: string | undefined;
  /** Names beside loopback: `keyturn.internal` for that port, `keyturn.internal:443` for another. */
  readonly hosts: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Refuses what a browser sends for another site: a foreign Host (DNS rebinding), a foreign Origin, or
 * a fetch from another site. Throws ApiError HOST_UNKNOWN or ORIGIN_FOREIGN.
 */
export function refuseForeign(request: RequestOrigin, own: OwnAddress): void {
  const authority = request.host?.toLowerCase();
  if (authority === undefined || !ownAuthorities(own).includes(withPort(authority, own.tls))) {
    throw new ApiError(
      'HOST_UNKNOWN',
      'The Host header does not name this collector; add the name to listen.names in its settings if it should.',
      'host',
    );
  }
  if (request.origin !== undefined && !isOwnOrigin(request.origin, authority, own.tls)) {
    throw new ApiError(
      'ORIGIN_FOREIGN',
      'Requests from pages of other origins are refused.',
      'origin',
    );
  }
  if (isForeignFetch(request)) {
    throw new ApiError(
      'ORIGIN_FOREIGN',
      'Requests that a page of another site makes are refused.',
      'sec-fetch-site',
    );
  }
}

/** Same-site is not enough: every port of localhost is one site. */
function isForeignFetch(request: RequestOrigin): boolean {
  const site = request.fetchSite;
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return !isFollowedLink(request);
}

/** Where links in chats, incidents and dashboards lead: pages that only show something. */
const PAGE =
  /^\/(?:status|status\/alerts\/[^/]+|runbooks\/[^/]+|(?:rotations|alerts)(?:\/[^/]+)?|verifiers|verifiers(?:\/[^/]+){3}|issuers|inventory)?$/;

/** A person who follows a link to a page sees it; the page with the link does not. */
function isFollowedLink(request: RequestOrigin): boolean {
  return (
    request.method === 'GET' &&
    PAGE.test(request.path) &&
    request.fetchMode === 'navigate' &&
    request.fetchDest === 'document'
  );
}

function isOwnOrigin(origin: string, authority: string, tls: boolean): boolean {
  return origin.toLowerCase() === `${tls ? 'https' : 'http'}://${authority}`;
}

function ownAuthorities(own: OwnAddress): string[] {
  const port = own.port === undefined ? '' : `:${own.port}`;
  const names = own.address === undefined ? own.hosts : [...own.hosts, own.address];
  return [
    ...LOOPBACK.map((name) => name + port),
    ...names.map((host) => {
      const name = bracketed(host.toLowerCase());
      return /:\d+$/.test(name) ? name : name + port;
    }),
  ];
}

/** An IPv6 address as it stands in a Host header. */
function bracketed(host: string): string {
  if (host.startsWith('::ffff:') && host.includes('.')) return host.slice('::ffff:'.length);
  return host.split(':').length > 2 && !host.startsWith('[') ? `[${host}]` : host;
}

function withPort(authority: string, tls: boolean): string {
  return /:\d+$/.test(authority) ? authority : `${authority}:${tls ? 443 : 80}`;
}
