import type { IssuerConfig } from '../config.ts';
import { isOpenToTampering } from '../config/fields.ts';
import { failed, fetchDocument, type FetchFailure, type FetchOptions } from './fetch-document.ts';

/** How long a found `jwks_uri` is used before the discovery document is read again. */
const FRESH_MS = 300_000;

export type DiscoveryDocument = Readonly<Record<string, unknown>>;

export type DiscoveryResult =
  | { readonly ok: true; readonly document: DiscoveryDocument }
  | FetchFailure;

/** The issuer's discovery document, kept for a while and through failures. */
export class Discovery {
  readonly #config: IssuerConfig;
  readonly #options: FetchOptions;
  #document: DiscoveryDocument | null = null;
  #readAtMs = -Infinity;
  #flight: Promise<DiscoveryResult> | null = null;

  constructor(config: IssuerConfig, options: FetchOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** The document, at most five minutes old, or an older one while no newer can be had. */
  async read(): Promise<DiscoveryResult> {
    const ageMs = this.#options.clock.monotonicMs() - this.#readAtMs;
    if (this.#document !== null && ageMs < FRESH_MS) return { ok: true, document: this.#document };
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = null;
    });
    const result = await this.#flight;
    const usable = this.#document !== null && ageMs < this.#config.maxStaleMs;
    return result.ok || !usable || this.#document === null
      ? result
      : { ok: true, document: this.#document };
  }

  /** The next `read` asks again: what the document said did not work. */
  doubt(): void {
    if (this.#readAtMs !== -Infinity) this.#readAtMs = Math.min(this.#readAtMs, this.#staleMark());
  }

  #staleMark(): number {
    return this.#options.clock.monotonicMs() - FRESH_MS;
  }

  async #fetch(): Promise<DiscoveryResult> {
    const { discovery, issuer } = this.#config;
    if (discovery === null) return failed('invalid', 'the issuer has no discovery document');
    const fetched = await fetchDocument(discovery, this.#options);
    if (!fetched.ok) return { ...fetched, message: `discovery: ${fetched.message}` };
    const result = readDiscovery(fetched.document.body, issuer);
    if (result.ok) {
      this.#document = result.document;
      this.#readAtMs = this.#options.clock.monotonicMs();
    }
    return result;
  }
}

/** Checks a discovery document (OpenID Connect Discovery 1.0 section 4.3): the issuer is byte-exact. */
export function readDiscovery(body: Buffer, issuer: string): DiscoveryResult {
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8'));
  } catch {
    return failed('not_json', 'discovery: expected JSON');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return failed('invalid', 'discovery: expected a JSON object');
  }
  const found = document as DiscoveryDocument;
  if (found['issuer'] !== issuer) {
    return failed(
      'invalid',
      `discovery: expected issuer ${JSON.stringify(issuer)}, got ${JSON.stringify(String(found['issuer']))}`,
    );
  }
  return { ok: true, document: found };
}

/** The `jwks_uri` of a discovery document, when it may be used. */
export function jwksUriOf(
  document: DiscoveryDocument,
  config: IssuerConfig,
): { readonly ok: true; readonly uri: URL } | FetchFailure {
  const value = document['jwks_uri'];
  const uri = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (uri === undefined || !/^https?:$/.test(uri.protocol)) {
    return failed('invalid', 'discovery: expected jwks_uri to be an http or https URL');
  }
  if (isOpenToTampering(uri) && !config.allowHttp) {
    return failed('invalid', 'discovery: jwks_uri is plain http on another machine');
  }
  return { ok: true, uri };
}
