import { createHash } from 'node:crypto';
import type { Clock } from '@keyturn/shared/clock.ts';
import { jwksUriOf } from '@keyturn/shared/http/discovery.ts';
import {
  fetchDocument,
  type FetchedDocument,
  type FetchFailure,
  fetchFailure,
  type FetchOptions,
} from '@keyturn/shared/http/fetch-document.ts';
import { fetchErrorOf, parseJwks } from '@keyturn/shared/jwks/parse.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { FetchError } from '@keyturn/shared/model/report.ts';
import type { IssuerConfig } from '../config.ts';
import { Discovery } from './discovery.ts';
import { upstreamFacts } from './upstream-facts.ts';

/** First retry after a failure; doubles up to the refresh interval. */
const RETRY_MS = 1_000;

/** Longest a verifier that could be given an older document waits for a newer one. */
const REVALIDATE_WAIT_MS = 2_000;

/** A key set document that was read and accepted, byte for byte as it came. */
export interface IssuerDocument {
  readonly body: Buffer;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  readonly keys: readonly KeyRef[];
  readonly sha256: string;
  /** Strong, from the bytes: upstream's own tag may differ between replicas. */
  readonly etag: string;
  readonly fetchedAtMs: number;
  /** When the request for it started, less the age that caches on the way declared. */
  readonly dataAtMs: number;
}

/** How fetching goes. */
export interface IssuerHealth {
  /** Null before the first attempt ended. */
  readonly attemptAtMs: number | null;
  readonly consecutiveFailures: number;
  /** Of the last attempt. */
  readonly lastError: FetchError | null;
  readonly message: string;
}

export interface IssuerSourceOptions {
  readonly config: IssuerConfig;
  /** PEM text. */
  readonly ca: string | null;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Called after every attempt. */
  readonly onAttempt: (source: IssuerSource) => void;
}

/**
 * Keeps one issuer's key set: refreshes it on its own, one fetch at a time, and holds on to the last
 * good document while upstream is down or sends what nobody should be served.
 */
export class IssuerSource implements Disposable {
  readonly config: IssuerConfig;
  readonly discovery: Discovery;
  health: IssuerHealth = {
    attemptAtMs: null,
    consecutiveFailures: 0,
    lastError: null,
    message: '',
  };
  nextAttemptAtMs = 0;
  readonly #options: IssuerSourceOptions;
  readonly #fetchOptions: FetchOptions;
  readonly #stop = new AbortController();
  #document: IssuerDocument | null = null;
  #flight: Promise<void> | null = null;
  #cancelNext: () => void = () => undefined;

  constructor(options: IssuerSourceOptions) {
    const { config, ca, clock } = options;
    this.config = config;
    this.#options = options;
    this.#fetchOptions = {
      timeoutMs: config.timeoutMs,
      bytesMax: config.maxBytes,
      ca,
      userAgent: 'keyturn-agent',
      clock,
      signal: this.#stop.signal,
    };
    this.discovery = new Discovery(config, this.#fetchOptions);
  }

  /** The last good document, unless it is older than `max_stale`. */
  usable(nowMs: number): IssuerDocument | null {
    const document = this.#document;
    if (document === null || nowMs - document.fetchedAtMs > this.config.maxStaleMs) return null;
    return document;
  }

  /** Fetches now, or joins the fetch under way. Never rejects. */
  refresh(): Promise<void> {
    this.#flight ??= this.#attempt().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  }

  /**
   * What a verifier that asks now is given. A document older than `fresh_for` is renewed first, so
   * that a verifier that met an unknown kid does not get the set it already has; while fetches fail,
   * nobody waits.
   */
  async answer(): Promise<IssuerDocument | null> {
    const { clock } = this.#options;
    const document = this.usable(clock.monotonicMs());
    const failing = this.health.consecutiveFailures > 0;
    if (document === null) {
      if (!failing || this.#flight !== null) await this.refresh();
    } else if (!failing && clock.monotonicMs() - document.fetchedAtMs >= this.config.freshForMs) {
      await this.#refreshWithin(REVALIDATE_WAIT_MS);
    }
    return this.usable(clock.monotonicMs());
  }

  [Symbol.dispose](): void {
    this.#cancelNext();
    this.#stop.abort();
  }

  async #refreshWithin(waitMs: number): Promise<void> {
    let cancel: () => void = () => undefined;
    const waited = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(waitMs, resolve);
    });
    await Promise.race([this.refresh(), waited]);
    cancel();
  }

  async #attempt(): Promise<void> {
    const { clock } = this.#options;
    this.#cancelNext();
    const startedAtMs = clock.monotonicMs();
    const result = await this.#fetch();
    if (this.#stop.signal.aborted) return;
    if (result.ok) this.#accept(result, startedAtMs);
    else this.#fail(result, startedAtMs);
    this.#schedule();
    this.#options.onAttempt(this);
  }

  async #fetch(): Promise<FetchedDocument | FetchFailure> {
    const startedAtMs = this.#options.clock.monotonicMs();
    const target = await this.#target();
    if (!target.ok) return target;
    const spentMs = this.#options.clock.monotonicMs() - startedAtMs;
    const timeoutMs = this.config.timeoutMs - spentMs;
    if (timeoutMs <= 0) return fetchFailure('timeout', 'discovery took all the time there was');
    return fetchDocument(target.uri, { ...this.#fetchOptions, timeoutMs });
  }

  async #target(): Promise<{ readonly ok: true; readonly uri: URL } | FetchFailure> {
    if (this.config.jwksUri !== null) return { ok: true, uri: this.config.jwksUri };
    const found = await this.discovery.read();
    return found.ok ? jwksUriOf(found, this.config.allowHttp) : found;
  }

  #accept(fetched: FetchedDocument, startedAtMs: number): void {
    const { body } = fetched;
    const { contentType, cacheControl, ageMs } = upstreamFacts(fetched.headers);
    const parsed = parseJwks(body, { bytesMax: this.config.maxBytes, keysMax: 1_000 });
    if (!parsed.ok) {
      this.#fail(fetchFailure(fetchErrorOf(parsed.error), parsed.message), startedAtMs);
      return;
    }
    this.#document = {
      body,
      contentType,
      cacheControl,
      keys: parsed.keys,
      sha256: parsed.sha256,
      etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
      fetchedAtMs: this.#options.clock.monotonicMs(),
      dataAtMs: startedAtMs - ageMs,
    };
    this.health = {
      attemptAtMs: startedAtMs,
      consecutiveFailures: 0,
      lastError: null,
      message: '',
    };
  }

  #fail({ error, message }: FetchFailure<FetchError>, startedAtMs: number): void {
    this.discovery.doubt();
    this.health = {
      attemptAtMs: startedAtMs,
      consecutiveFailures: this.health.consecutiveFailures + 1,
      lastError: error,
      message,
    };
  }

  #schedule(): void {
    const { clock, random } = this.#options;
    const { consecutiveFailures } = this.health;
    const delayMs =
      consecutiveFailures === 0
        ? this.config.refreshMs * (0.9 + 0.2 * random())
        : Math.min(this.config.refreshMs, RETRY_MS * 2 ** Math.min(consecutiveFailures - 1, 20)) *
          (0.5 + 0.5 * random());
    this.nextAttemptAtMs = clock.monotonicMs() + delayMs;
    this.#cancelNext = clock.after(delayMs, () => void this.refresh());
  }
}
