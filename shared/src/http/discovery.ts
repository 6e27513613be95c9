import { isLoopback, isOpenToTampering } from '../address.ts';
import { shown } from '../shown.ts';
import {
  type FetchFailure,
  fetchDocument,
  fetchFailure,
  type FetchOptions,
} from './fetch-document.ts';

/** How long a found `jwks_uri` is used before the discovery document is read again. */
export const DISCOVERY_FRESH_MS = 300_000;

/** A discovery document whose `issuer` is the very string it was asked for. */
export type DiscoveryDocument = Readonly<Record<string, unknown>>;

/** A document and the address it was asked for at. */
export interface Discovered {
  readonly ok: true;
  readonly document: DiscoveryDocument;
  readonly from: URL;
}

export type DiscoveryResult = Discovered | FetchFailure;

/**
 * Where an issuer's discovery document is: the path is appended, a trailing slash removed first
 * (OpenID Connect Discovery 1.0, section 4.1). Null for an issuer that is no http or https URL.
 */
export function discoveryUrl(issuer: string): string | null {
  if (!/^https?:\/\//i.test(issuer) || !URL.canParse(issuer)) return null;
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/** Reads a discovery document; every way it can fail is a value. */
export async function fetchDiscovery(
  target: URL,
  issuer: string,
  options: FetchOptions,
): Promise<DiscoveryResult> {
  const fetched = await fetchDocument(target, options);
  if (!fetched.ok) return { ...fetched, message: `discovery: ${fetched.message}` };
  return readDiscovery(fetched.body, issuer, target);
}

/** Section 4.3: the issuer must be the very string it was asked for. */
function readDiscovery(body: Buffer, issuer: string, from: URL): DiscoveryResult {
  const document = jsonOf(body);
  if (document === undefined) return fetchFailure('not_json', 'discovery: expected JSON');
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return refused(`expected a JSON object, got ${shown(document)}`);
  }
  const found = document as DiscoveryDocument;
  return found['issuer'] === issuer
    ? { ok: true, document: found, from }
    : refused(`expected issuer ${shown(issuer)} byte for byte, got ${shown(found['issuer'])}`);
}

/**
 * The `jwks_uri` of a discovery document, when it may be used: a document from elsewhere must not
 * have this machine's own services asked. `allowHttp`: in the clear, too.
 */
export function jwksUriOf(
  { document, from }: Omit<Discovered, 'ok'>,
  allowHttp: boolean,
): { readonly ok: true; readonly uri: URL } | FetchFailure {
  const value = document['jwks_uri'];
  const uri = typeof value === 'string' ? URL.parse(value) : null;
  if (uri === null || !/^https?:$/.test(uri.protocol)) {
    return refused(`expected jwks_uri to be an http or https URL, got ${shown(value)}`);
  }
  if (isOpenToTampering(uri) && !allowHttp) {
    return refused(`jwks_uri ${shown(value)} is plain http to another machine`);
  }
  if (isLoopback(uri.hostname) && !isLoopback(from.hostname)) {
    return refused(
      `jwks_uri ${shown(value)} is on this machine, unlike the document that names it; set jwks_uri if that is right`,
    );
  }
  return { ok: true, uri };
}

function refused(message: string): FetchFailure {
  return fetchFailure('invalid', `discovery: ${message}`);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
