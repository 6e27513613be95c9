import {
  DISCOVERY_FRESH_MS,
  type Discovered,
  type DiscoveryResult,
  fetchDiscovery,
} from '@keyturn/shared/http/discovery.ts';
import { fetchFailure, type FetchOptions } from '@keyturn/shared/http/fetch-document.ts';
import type { IssuerConfig } from '../config.ts';

/** The issuer's discovery document, kept for a while and through failures. */
export class Discovery {
  readonly #config: IssuerConfig;
  readonly #options: FetchOptions;
  #found: Discovered | null = null;
  #readAtMs = -Infinity;
  #flight: Promise<DiscoveryResult> | null = null;

  constructor(config: IssuerConfig, options: FetchOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** The document, at most five minutes old, or an older one while no newer can be had. */
  async read(): Promise<DiscoveryResult> {
    const ageMs = this.#options.clock.monotonicMs() - this.#readAtMs;
    if (this.#found !== null && ageMs < DISCOVERY_FRESH_MS) {
      return this.#found;
    }
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = null;
    });
    const result = await this.#flight;
    const usable = this.#found !== null && ageMs < this.#config.maxStaleMs;
    return result.ok || !usable || this.#found === null ? result : this.#found;
  }

  /** The next `read` asks again: what the document said did not work. */
  doubt(): void {
    if (this.#readAtMs !== -Infinity) this.#readAtMs = Math.min(this.#readAtMs, this.#staleMark());
  }

  #staleMark(): number {
    return this.#options.clock.monotonicMs() - DISCOVERY_FRESH_MS;
  }

  async #fetch(): Promise<DiscoveryResult> {
    const { discovery, issuer } = this.#config;
    if (discovery === null) return fetchFailure('invalid', 'the issuer has no discovery document');
    const result = await fetchDiscovery(discovery, issuer, this.#options);
    if (result.ok) {
      this.#found = result;
      this.#readAtMs = this.#options.clock.monotonicMs();
    }
    return result;
  }
}
