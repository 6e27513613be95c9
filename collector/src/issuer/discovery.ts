import type { Clock } from '@keyturn/shared/clock.ts';
import { DISCOVERY_FRESH_MS, fetchDiscovery, jwksUriOf } from '@keyturn/shared/http/discovery.ts';
import type { FetchFailure, FetchOptions } from '@keyturn/shared/http/fetch-document.ts';
import type { WatchedIssuer } from './watched-issuer.ts';

type JwksUri = { readonly ok: true; readonly uri: URL } | FetchFailure;

/**
 * Finds an issuer's `jwks_uri` in its discovery document and remembers it for five minutes. A
 * document that cannot be read is a failure even when an earlier one could: where the keys are now is
 * then not known.
 */
export class Discovery {
  readonly #address: URL;
  readonly #issuer: WatchedIssuer;
  readonly #clock: Clock;
  #found: { readonly uri: URL; readonly atMs: number } | null = null;

  constructor(address: string, issuer: WatchedIssuer, clock: Clock) {
    this.#address = new URL(address);
    this.#issuer = issuer;
    this.#clock = clock;
  }

  async jwksUri(options: FetchOptions): Promise<JwksUri> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#found !== null && nowMs - this.#found.atMs < DISCOVERY_FRESH_MS) {
      return { ok: true, uri: this.#found.uri };
    }
    const result = await this.#read(options);
    this.#found = result.ok ? { uri: result.uri, atMs: nowMs } : null;
    return result;
  }

  /** What it found did not work: look again next time. */
  forget(): void {
    this.#found = null;
  }

  async #read(options: FetchOptions): Promise<JwksUri> {
    const { issuer, allowHttp } = this.#issuer;
    const found = await fetchDiscovery(this.#address, issuer, options);
    return found.ok ? jwksUriOf(found, allowHttp) : found;
  }
}
