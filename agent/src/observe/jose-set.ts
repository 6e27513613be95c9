import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { FetchError } from '@keyturn/shared/model/report.ts';
import type { Jwk } from '@keyturn/shared/jwks/thumbprint.ts';
import type { FetchListener } from './fetch-watch.ts';
import { keyRefsOf } from './key-refs.ts';
import type { RemoteSetLike } from './remote-set.ts';
import type { ObservedVerifier, ObserverContext } from './verifier.ts';

export interface SetTimes {
  readonly cacheMaxAgeMs: number;
  readonly cooldownMs: number;
}

/**
 * Follows one remote key set: which keys are live, how old they are, how fetching goes. Told by the
 * watched fetch; reads the set only in turns of its own.
 */
export class JoseSet implements FetchListener {
  /** Fetches that replaced the live set, to tell whether one happened during a verification. */
  refreshes = 0;
  /** What the last failed fetch threw, to recognise it when a verification throws it. */
  lastThrown: unknown;
  /** Issuers whose tokens this set decides on. */
  readonly issuers: Set<string>;
  readonly verifier: ObservedVerifier;
  readonly #context: ObserverContext;
  readonly #times: SetTimes;
  #set: WeakRef<RemoteSetLike> | undefined;
  #keys: readonly KeyRef[] = [];
  #json: string | undefined;
  #dataAtMs: number | null = null;
  #refreshedAtMs: number | null = null;
  #attemptAtMs: number | null = null;
  #consecutiveFailures = 0;
  #lastError: FetchError | null = null;

  constructor(
    verifier: ObservedVerifier,
    context: ObserverContext,
    issuers: readonly string[],
    times: SetTimes,
  ) {
    this.verifier = verifier;
    this.#context = context;
    this.issuers = new Set(issuers);
    this.#times = times;
  }

  get isFailing(): boolean {
    return this.#consecutiveFailures > 0;
  }

  /** Last time anybody tried to fetch, by the agent's monotonic clock. */
  get attemptAtMs(): number | null {
    return this.#attemptAtMs;
  }

  get set(): RemoteSetLike | undefined {
    return this.#set?.deref();
  }

  /** `seededAtWallMs`: when a set given by the user's own cache was fetched. */
  attach(set: RemoteSetLike, seededAtWallMs: number | undefined): void {
    this.#set = new WeakRef(set);
    const keys = set.jwks();
    if (keys === undefined) return;
    const { clock } = this.#context;
    const ageMs = clock.wallMs() - (seededAtWallMs ?? clock.wallMs());
    this.#dataAtMs = clock.monotonicMs() - Math.max(0, ageMs);
    this.#refreshedAtMs = this.#dataAtMs;
    this.#take(keys.keys, JSON.stringify(keys.keys));
    this.publish();
  }

  /** An issuer whose accepted token shows that this set decides on its tokens. */
  learnIssuer(issuer: string): void {
    if (this.issuers.has(issuer) || !this.verifier.ledger.issuers.includes(issuer)) return;
    this.issuers.add(issuer);
    if (this.#attemptAtMs !== null || this.#dataAtMs !== null) this.publish();
  }

  started(): void {
    this.#attemptAtMs = this.#context.clock.monotonicMs();
  }

  failed(error: FetchError, thrown: unknown): void {
    this.lastThrown = thrown;
    this.#consecutiveFailures += 1;
    this.#lastError = error;
    this.publish();
  }

  // jose takes or refuses the document right after it was read, so in the next turn the live set
  // tells which.
  read(document: unknown, ageS: number): void {
    this.refreshes += 1;
    const readAtMs = this.#context.clock.monotonicMs();
    setImmediate(() => {
      this.#context.events.guard('jose.read', () => {
        this.#judge(document, readAtMs - ageS * 1_000, readAtMs);
      });
    });
  }

  fault(thrown: unknown): void {
    this.#context.events.fault('jose.fetch', thrown);
  }

  publish(): void {
    const { cacheMaxAgeMs, cooldownMs } = this.#times;
    for (const issuer of this.issuers) {
      this.verifier.setKeys(issuer, {
        keys: this.#keys,
        dataAtMs: this.#dataAtMs,
        attemptAtMs: this.#attemptAtMs,
        consecutiveFailures: this.#consecutiveFailures,
        lastError: this.#lastError,
        nextRefreshAtMs: after(this.#refreshedAtMs, cacheMaxAgeMs),
        cooldownUntilMs: after(this.#refreshedAtMs, cooldownMs),
        documentSha256: null,
        servedAtMs: null,
      });
    }
  }

  #judge(document: unknown, dataAtMs: number, readAtMs: number): void {
    const live = this.set?.jwks()?.keys;
    const json = live === undefined ? undefined : JSON.stringify(live);
    if (live === undefined || json === undefined || json !== keysJson(document)) {
      return this.failed('invalid', undefined);
    }
    this.#dataAtMs = dataAtMs;
    this.#refreshedAtMs = readAtMs;
    this.#consecutiveFailures = 0;
    this.#lastError = null;
    this.lastThrown = undefined;
    if (json !== this.#json) this.#take(live, json);
    this.publish();
  }

  #take(keys: readonly object[], json: string): void {
    this.#json = json;
    this.#keys = keyRefsOf(keys as readonly Jwk[]);
  }
}

function keysJson(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  return JSON.stringify((document as Readonly<Record<string, unknown>>)['keys']);
}

function after(fromMs: number | null, spanMs: number): number | null {
  return fromMs === null || !Number.isFinite(spanMs) ? null : fromMs + spanMs;
}
