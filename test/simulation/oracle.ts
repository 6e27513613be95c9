// A naive model of what is true: every cache, every token, and nothing else. It shares no code with the
// collector, so that both are wrong in the same way only by chance.

interface Token {
  readonly mintedMs: number;
  readonly lifetimeMs: number;
  /** With every leeway and skew. */
  readonly lastAcceptableMs: number;
}

/** What people may rely on: which tokens of a key there can be. */
export interface Promised {
  readonly signedUntilMs: number;
  readonly lifetimeMs: number;
}

/** The tokens of one key, and what a collector has confirmed of them. */
export class Tokens {
  readonly #minted: Token[] = [];
  /** Until when any of them lives at all. */
  liveUntilMs = -Infinity;
  /** Latest moment any is acceptable, and was signed, whose acceptance a collector has confirmed. */
  reportedUntilMs = -Infinity;
  reportedSignedMs = -Infinity;

  add(token: Token): void {
    this.#minted.push(token);
    this.liveUntilMs = Math.max(this.liveUntilMs, token.lastAcceptableMs);
  }

  /** Until when some token lives that was promised or reported; one beyond both is nobody's fault. */
  promisedUntilMs({ signedUntilMs, lifetimeMs }: Promised): number {
    const signedMs = Math.max(signedUntilMs, this.reportedSignedMs);
    return this.#minted
      .filter((token) => token.mintedMs <= signedMs && token.lifetimeMs <= lifetimeMs)
      .reduce(
        (latestMs, token) => Math.max(latestMs, token.lastAcceptableMs),
        this.reportedUntilMs,
      );
  }
}

/** What a cache would do with a token. */
interface Readiness {
  readonly knowsNew: boolean;
  readonly knowsOld: boolean;
  readonly refusesOld: boolean;
}

export class Oracle {
  readonly oldTokens = new Tokens();
  readonly newTokens = new Tokens();
  /** Until when some token without a kid lives, and the longest life of any, as confirmed. */
  reportedKidlessUntilMs = -Infinity;
  reportedLifetimeMs = 0;
  /** When each was last true of each cache; one just met is believed for a moment. */
  readonly #caches = new Map<string, Record<keyof Readiness, number>>();

  saw(cache: string, nowMs: number, now: Readiness): void {
    const last = this.#caches.get(cache) ?? { knowsNew: nowMs, knowsOld: nowMs, refusesOld: nowMs };
    for (const fact of Object.keys(now) as (keyof Readiness)[]) if (now[fact]) last[fact] = nowMs;
    this.#caches.set(cache, last);
  }

  isGone(cache: string): void {
    this.#caches.delete(cache);
  }

  /** Caches of which that was not true at any moment since. */
  without(fact: keyof Readiness, sinceMs: number): string[] {
    return [...this.#caches].filter(([, last]) => last[fact] < sinceMs).map(([name]) => name);
  }

  /** Whoever confirmed reports has forgotten them. */
  forgetReports(): void {
    for (const tokens of [this.oldTokens, this.newTokens]) {
      tokens.reportedUntilMs = tokens.reportedSignedMs = -Infinity;
    }
    this.reportedKidlessUntilMs = -Infinity;
    this.reportedLifetimeMs = 0;
  }
}
