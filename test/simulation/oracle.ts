// A naive model of what is true: every cache, every token of the old key, and nothing else. It shares
// no code with the collector, so that both are wrong in the same way only by chance.

interface CacheTruth {
  /** Last moment the cache would have accepted a token of the new key. */
  knewNewMs: number;
  /** Last moment the cache would not have accepted a token of the old key. */
  refusedOldMs: number;
  /** Last moment the cache would have accepted a token of the old key, fetching if it must. */
  knewOldMs: number;
}

interface TokenTruth {
  readonly mintedMs: number;
  readonly lifetimeMs: number;
  readonly lastAcceptableMs: number;
}

/** What must hold for a token to be anybody's business: the assumptions of a rotation. */
export interface Promised {
  readonly switchDeclaredMs: number;
  readonly skewMs: number;
  /** Longest lifetime ever declared; null: only what was reported counts. */
  readonly declaredTmaxMs: number | null;
}

/** The tokens of one key, and what a collector has confirmed of them. */
export class Tokens {
  /** Latest moment any token is acceptable whose acceptance a collector has confirmed. */
  reportedUntilMs = -Infinity;
  /** Latest moment a token was signed whose acceptance a collector has confirmed. */
  reportedSignedMs = -Infinity;
  #minted: TokenTruth[] = [];

  /** `lastAcceptableMs`: with every leeway and skew. */
  add(token: TokenTruth): void {
    this.#minted.push(token);
  }

  /** Until when some token lives that was signed and lives as long as was promised, or was reported. */
  promisedUntilMs(of: { readonly signedUntilMs: number; readonly lifetimeMs: number }): number {
    const signedMs = Math.max(of.signedUntilMs, this.reportedSignedMs);
    return this.#minted
      .filter(({ mintedMs, lifetimeMs }) => mintedMs <= signedMs && lifetimeMs <= of.lifetimeMs)
      .reduce((latest, token) => Math.max(latest, token.lastAcceptableMs), this.reportedUntilMs);
  }
}

export class Oracle {
  readonly newTokens = new Tokens();
  /** Latest moment any old-key token is acceptable whose acceptance a collector has confirmed. */
  reportedUntilMs = -Infinity;
  /** Latest moment an old-key token was signed whose acceptance a collector has confirmed. */
  reportedSignedMs = -Infinity;
  /** The same for tokens without a kid. */
  reportedKidlessUntilMs = -Infinity;
  /** Longest lifetime of a token whose acceptance a collector has confirmed. */
  reportedLifetimeMs = 0;
  readonly #caches = new Map<string, CacheTruth>();
  readonly #tokens: TokenTruth[] = [];
  #liveUntilMs = -Infinity;

  /** An old-key token was signed; `lastAcceptableMs`: with every leeway and skew. */
  oldTokenMinted(token: TokenTruth): void {
    this.#tokens.push(token);
    this.#liveUntilMs = Math.max(this.#liveUntilMs, token.lastAcceptableMs);
  }

  /** What a cache would do now. */
  saw(
    cache: string,
    nowMs: number,
    knowsNew: boolean,
    acceptsOld: boolean,
    knowsOld = acceptsOld,
  ): void {
    const known = this.#caches.get(cache) ?? {
      knewNewMs: nowMs,
      refusedOldMs: nowMs,
      knewOldMs: nowMs,
    };
    if (knowsNew) known.knewNewMs = nowMs;
    if (knowsOld) known.knewOldMs = nowMs;
    if (!acceptsOld) known.refusedOldMs = nowMs;
    this.#caches.set(cache, known);
  }

  /** Whoever confirmed reports has forgotten them. */
  forgetReports(): void {
    this.reportedUntilMs = -Infinity;
    this.reportedSignedMs = -Infinity;
    this.reportedKidlessUntilMs = -Infinity;
    this.reportedLifetimeMs = 0;
    this.newTokens.reportedUntilMs = -Infinity;
    this.newTokens.reportedSignedMs = -Infinity;
  }

  isGone(cache: string): void {
    this.#caches.delete(cache);
  }

  /** Caches that could not verify the new key at any moment since `sinceMs`. */
  lackNew(sinceMs: number): string[] {
    return [...this.#caches]
      .filter(([, { knewNewMs }]) => knewNewMs < sinceMs)
      .map(([name]) => name);
  }

  /** Caches that could not verify the old key at any moment since `sinceMs`. */
  lackOld(sinceMs: number): string[] {
    return [...this.#caches]
      .filter(([, { knewOldMs }]) => knewOldMs < sinceMs)
      .map(([name]) => name);
  }

  /** Caches that accepted the old key at every moment since `sinceMs`. */
  trustOld(sinceMs: number): string[] {
    return [...this.#caches]
      .filter(([, { refusedOldMs }]) => refusedOldMs < sinceMs)
      .map(([name]) => name);
  }

  /** Until when some old-key token lives, of those anybody promised anything about. */
  promisedUntilMs({ switchDeclaredMs, skewMs, declaredTmaxMs }: Promised): number {
    const tmaxMs = Math.max(declaredTmaxMs ?? 0, this.reportedLifetimeMs);
    const signedMs = Math.max(switchDeclaredMs + skewMs, this.reportedSignedMs);
    let latestMs = this.reportedUntilMs;
    for (const { mintedMs, lifetimeMs, lastAcceptableMs } of this.#tokens) {
      if (mintedMs > signedMs || lifetimeMs > tmaxMs) continue;
      latestMs = Math.max(latestMs, lastAcceptableMs);
    }
    return latestMs;
  }

  /** Until when any old-key token lives at all. */
  liveUntilMs(): number {
    return this.#liveUntilMs;
  }
}
