import { type Clock, systemClock } from '@keyturn/shared/clock.ts';
import type { Sighting } from '../core/sighting.ts';
import { Discovery } from './discovery.ts';
import { JWKS_BYTES_MAX, sightJwks } from './sight.ts';
import type { WatchedIssuer, WatchSource } from './watched-issuer.ts';

const TIMEOUT_MS = 10_000;
/** Share of the interval by which each wait differs, so that collectors do not fall into step. */
const JITTER = 0.1;

export interface WatchOptions {
  /** Takes every result, good or bad; the next fetch of the same source waits for it. */
  readonly onSighting: (sighting: Sighting) => Promise<void>;
  /**
   * Told when `onSighting` rejects; the next sighting comes with the next fetch. Leave it out only
   * where the taker tells of its own failures.
   */
  readonly onUndelivered?: (thrown: unknown) => void;
  /** Takes the bytes of every document that could be read, before its sighting. */
  readonly onDocument?: (vantage: string, body: Uint8Array) => void;
  readonly clock?: Clock;
  /** Of [0, 1); spreads the fetches. */
  readonly random?: () => number;
  /** For one whole fetch; 10 s by default. */
  readonly timeoutMs?: number;
}

/** A running watch of one issuer. */
export interface IssuerWatch {
  /** Fetches so often from now on; null for the configured interval. */
  setIntervalMs(intervalMs: number | null): void;
  /** Cuts fetches short and resolves when the last `onSighting` has ended; none follows. */
  close(): Promise<void>;
}

/**
 * Fetches every source of an issuer at once and then on the interval, each on its own: one that hangs
 * holds up no other. Never throws.
 */
export function watchIssuer(issuer: WatchedIssuer, options: WatchOptions): IssuerWatch {
  const watches = issuer.sources.map((source) => new SourceWatch(issuer, source, options));
  return {
    setIntervalMs(intervalMs) {
      for (const watch of watches) watch.setIntervalMs(intervalMs ?? issuer.intervalMs);
    },
    async close() {
      await Promise.all(watches.map((watch) => watch.close()));
    },
  };
}

class SourceWatch {
  readonly #issuer: WatchedIssuer;
  readonly #options: WatchOptions;
  readonly #clock: Clock;
  readonly #vantage: string;
  readonly #at: URL | Discovery;
  readonly #closing = new AbortController();
  #intervalMs: number;
  #startedAtMs = 0;
  #cancelWait: (() => void) | null = null;
  #running: Promise<void>;

  constructor(issuer: WatchedIssuer, { vantage, kind }: WatchSource, options: WatchOptions) {
    this.#issuer = issuer;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#vantage = vantage;
    this.#at = kind === 'jwks' ? new URL(vantage) : new Discovery(vantage, issuer, this.#clock);
    this.#intervalMs = issuer.intervalMs;
    this.#running = this.#run();
  }

  setIntervalMs(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    if (this.#cancelWait !== null) this.#wait();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelWait?.();
    this.#cancelWait = null;
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#cancelWait = null;
    this.#startedAtMs = this.#clock.monotonicMs();
    await this.#sight();
    if (!this.#closing.signal.aborted) this.#wait();
  }

  /** Counts from the start of the last fetch, so that slow answers do not stretch the interval. */
  #wait(): void {
    this.#cancelWait?.();
    const { random = Math.random } = this.#options;
    const spreadMs = this.#intervalMs * (1 + JITTER * (2 * random() - 1));
    const passedMs = this.#clock.monotonicMs() - this.#startedAtMs;
    this.#cancelWait = this.#clock.after(Math.max(0, spreadMs - passedMs), () => {
      this.#running = this.#run();
    });
  }

  async #sight(): Promise<void> {
    const { onSighting, onUndelivered, onDocument, timeoutMs = TIMEOUT_MS } = this.#options;
    const { signal } = this.#closing;
    try {
      const result = await sightJwks(
        this.#at,
        {
          timeoutMs,
          bytesMax: JWKS_BYTES_MAX,
          ca: this.#issuer.ca,
          userAgent: 'keyturn-collector',
          clock: this.#clock,
          signal,
        },
        (body) => onDocument?.(this.#vantage, body),
      );
      if (signal.aborted) return;
      await onSighting({ issuer: this.#issuer.issuer, vantage: this.#vantage, result });
    } catch (thrown) {
      onUndelivered?.(thrown);
    }
  }
}
