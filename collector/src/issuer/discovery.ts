import type { Clock } from '@keyturn/shared/clock.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { isLoopback } from '../config/address.ts';
import {
  type FetchFailure,
  fetchDocument,
  fetchFailure,
  type FetchLimits,
} from './fetch-document.ts';
import type { WatchedIssuer } from './watched-issuer.ts';

const FRESH_MS = 5 * 60_000;

type JwksUri = { readonly ok: true; readonly uri: string } | FetchFailure;

/**
 * Finds an issuer's `jwks_uri` in its discovery document and remembers it for five minutes. A
 * document that cannot be read is a failure even when an earlier one could: where the keys are now is
 * then not known.
 */
export class Discovery {
  readonly #address: string;
  readonly #issuer: WatchedIssuer;
  readonly #clock: Clock;
  #found: { readonly uri: string; readonly atMs: number } | null = null;

  constructor(address: string, issuer: WatchedIssuer, clock: Clock) {
    this.#address = address;
    this.#issuer = issuer;
    this.#clock = clock;
  }

  async jwksUri(limits: FetchLimits): Promise<JwksUri> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#found !== null && nowMs - this.#found.atMs < FRESH_MS) {
      return { ok: true, uri: this.#found.uri };
    }
    const result = await this.#read(limits);
    this.#found = result.ok ? { uri: result.uri, atMs: nowMs } : null;
    return result;
  }

  /** What it found did not work: look again next time. */
  forget(): void {
    this.#found = null;
  }

  async #read(limits: FetchLimits): Promise<JwksUri> {
    const fetched = await fetchDocument(this.#address, limits);
    const result = fetched.ok ? readDiscovery(fetched.body, this.#issuer) : fetched;
    return result.ok ? result : { ...result, message: `discovery: ${result.message}` };
  }
}

/** OpenID Connect Discovery 1.0 section 4.3: the issuer must be the very string it was asked for. */
export function readDiscovery(body: Buffer, issuer: WatchedIssuer): JwksUri {
  const document = jsonOf(body);
  if (document === undefined) return fetchFailure('not_json', 'expected JSON');
  const { issuer: named, jwks_uri: uri } = Object(document) as Readonly<Record<string, unknown>>;
  if (named !== issuer.issuer) {
    return fetchFailure(
      'invalid',
      `expected issuer ${shown(issuer.issuer)} byte for byte, got ${shown(named)}`,
    );
  }
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (typeof uri !== 'string' || url === null || !/^https?:$/.test(url.protocol)) {
    return fetchFailure(
      'invalid',
      `expected jwks_uri to be an https:// address, got ${shown(uri)}`,
    );
  }
  if (url.protocol === 'http:' && !issuer.allowHttp && !isLoopback(url.hostname)) {
    return fetchFailure('invalid', `jwks_uri ${shown(uri)} is http to another machine`);
  }
  return { ok: true, uri };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
