import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Fetched, Token } from './issuer.ts';
import type { Behaviour } from './kinds.ts';

interface Held {
  readonly key: KeyRef;
  readonly atMs: number;
}

/** What a cache needs of the world around it; times are true ms. */
export interface Surroundings {
  nowMs(): number;
  fetch(then: (fetched: Fetched) => void): void;
  after(delayMs: number, run: () => void): void;
  /** What it holds, or how its fetching goes, has changed. */
  changed(): void;
  /** True when whatever it could be served now holds the key. */
  wouldServe(thumbprint: string): boolean;
}

const TOKENS_REMEMBERED_MAX = 50;
const MINUTE_MS = 60_000;

/** One cache of keys that decides on tokens, behaving as its profile says. */
export class KeyCache {
  #held = new Map<string, Held>();
  /** When the set as a whole was fetched. */
  fetchedAtMs: number | null = null;
  dataAtMs: number | null = null;
  attemptAtMs: number | null = null;
  failures = 0;
  lastError: 'status' | 'timeout' | 'network' | null = null;
  readonly #is: Behaviour;
  readonly #around: Surroundings;
  readonly #accepted = new Map<number, { readonly thumbprint: string; readonly untilMs: number }>();
  #waiting: ((fetched: Fetched) => void)[] = [];
  readonly #wanted = new Set<string>();
  /** The last set before this one, where that is tried as well. */
  #previous: { readonly held: Map<string, Held>; readonly untilMs: number } | null = null;
  /** The document that single entries are taken from, where there is one. */
  #document: { readonly keys: readonly KeyRef[]; readonly atMs: number } | null = null;
  #forcedMs: number[] = [];
  #missedAtMs = -Infinity;
  #retryMs = 0;

  constructor(behaviour: Behaviour, around: Surroundings) {
    this.#is = behaviour;
    this.#around = around;
  }

  get keys(): readonly KeyRef[] {
    const held = [...this.#held.values()].map(({ key }) => key);
    if (this.#is.style !== 'per_kid') return held;
    // Entries kept one by one are gone when their time is; a document behind them is held as well.
    const entries = held.filter(({ kid }) => this.#is.revives || !this.#isExpired(kid));
    const known = new Set(entries.map(({ kid }) => kid));
    const behind = (this.#document?.keys ?? []).filter(
      ({ kid }) => !known.has(kid) && this.#inDocument(kid) !== undefined,
    );
    return [...entries, ...behind];
  }

  /** Starts as the process does; `keys`: those it was built or configured with. */
  start(keys: readonly KeyRef[] | null): void {
    if (keys !== null) this.configure(keys);
    if (this.#is.style === 'background') this.#refresh();
  }

  /** Puts keys in as a person or an image does. */
  configure(keys: readonly KeyRef[]): void {
    const nowMs = this.#around.nowMs();
    this.#replace(keys, nowMs);
    this.fetchedAtMs = nowMs;
    if (this.#is.style === 'static') this.dataAtMs = nowMs;
    this.#around.changed();
  }

  /** Fetches because somebody asks, not because of a token. */
  reload(): void {
    if (this.#is.style !== 'static') this.#fetch(() => undefined);
  }

  isCoolingDown(): boolean {
    const { cooldownMs, cooldownFrom, forcedPerMinute } = this.#is;
    const nowMs = this.#around.nowMs();
    if (forcedPerMinute !== Infinity) {
      this.#forcedMs = this.#forcedMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
      if (this.#forcedMs.length >= forcedPerMinute) return true;
    }
    const fromMs = {
      success: this.fetchedAtMs ?? -Infinity,
      forced: this.#forcedMs.at(-1) ?? -Infinity,
      miss: this.#missedAtMs,
    }[cooldownFrom];
    return nowMs - fromMs < cooldownMs;
  }

  /** Looks a key up for a token, fetching as this kind does, and says how it went. */
  decide(token: Token, then: (outcome: Outcome) => void): void {
    const remembered = this.#accepted.get(token.serial);
    if (remembered !== undefined && this.#around.nowMs() < remembered.untilMs) return then('ok');
    if (this.#is.documentMs !== null && token.hasKid) this.#takeFromDocument(token.key.kid);
    if (!this.#fetchesFirst(token)) {
      if (this.#isEnding()) this.#fetch(() => undefined);
      return this.#judge(token, true, then);
    }
    if (this.#is.usesOldMeanwhile && this.#held.size > 0) {
      this.#fetch(() => undefined);
      return this.#judge(token, true, then);
    }
    this.#fetch((fetched) => {
      if (fetched.ok || (this.#is.staleOnError && this.#held.size > 0))
        this.#judge(token, false, then);
      else then('jwks_unavailable');
    });
  }

  /** Remembers an accepted token, where this kind does. */
  remember(token: Token, untilMs: number): void {
    if (this.#is.tokenCacheMs === 0) return;
    const nowMs = this.#around.nowMs();
    this.#accepted.set(token.serial, {
      thumbprint: token.key.thumbprint,
      untilMs: Math.min(untilMs, nowMs + this.#is.tokenCacheMs),
    });
    for (const serial of this.#accepted.keys()) {
      if (this.#accepted.size <= TOKENS_REMEMBERED_MAX) break;
      this.#accepted.delete(serial);
    }
  }

  /**
   * True when a valid token of this key would be accepted now, were every endpoint healthy and no
   * cooldown in the way. `onDemand`: a fetch for an unknown kid counts.
   */
  wouldAccept(key: KeyRef, onDemand: boolean): boolean {
    const held = this.#heldFor(key);
    const holds = held?.key.thumbprint === key.thumbprint;
    if (this.#is.style === 'static') return holds;
    if (this.#is.revives && holds) return true;
    const stored = this.#is.documentMs === null ? undefined : this.#inDocument(key.kid);
    const isExpired = this.#isExpired(key.kid);
    if (stored !== undefined && (held === undefined || isExpired))
      return stored.thumbprint === key.thumbprint;
    const usesOld = this.#is.usesOldMeanwhile && this.#held.size > 0;
    if (isExpired && !usesOld) return this.#around.wouldServe(key.thumbprint);
    if (holds || this.#wasHeld(key)) return true;
    const asks = held === undefined && onDemand && this.#is.refetches;
    return asks && this.#around.wouldServe(key.thumbprint);
  }

  /** True when some token of this key could be accepted now. */
  mayAccept(key: KeyRef): boolean {
    const nowMs = this.#around.nowMs();
    for (const { thumbprint, untilMs } of this.#accepted.values()) {
      if (thumbprint === key.thumbprint && nowMs < untilMs) return true;
    }
    return this.wouldAccept(key, false);
  }

  #judge(token: Token, mayFetch: boolean, then: (outcome: Outcome) => void): void {
    const key = this.#find(token);
    if (key === 'ambiguous') return then('key_ambiguous');
    const { refetches, refetchesOnBadSignature, style } = this.#is;
    if (key !== undefined) {
      if (key.thumbprint === token.key.thumbprint) return then('ok');
      if (!mayFetch || !refetchesOnBadSignature || this.isCoolingDown())
        return then('bad_signature');
    } else if (this.#wasHeld(token.key)) return then('ok');
    else if (!mayFetch || !refetches || style === 'static') return then('unknown_kid');
    if (this.isCoolingDown()) return then('unknown_kid_throttled');
    this.#force(token, then);
  }

  #force(token: Token, then: (outcome: Outcome) => void): void {
    this.#forcedMs = [...this.#forcedMs.slice(-20), this.#around.nowMs()];
    const { kid } = token.key;
    this.#fetch((fetched) => {
      if (!fetched.ok) return then(this.#held.size > 0 ? 'unknown_kid' : 'jwks_unavailable');
      if (!this.#held.has(kid)) this.#missedAtMs = this.#around.nowMs();
      this.#judge(token, false, then);
    }, kid);
  }

  #find(token: Token): KeyRef | 'ambiguous' | undefined {
    if (this.#is.ignoresKid) return this.#heldFor(token.key)?.key;
    if (token.hasKid) return this.#held.get(token.key.kid)?.key;
    const [only, ...more] = this.#held.values();
    return more.length > 0 ? 'ambiguous' : only?.key;
  }

  #heldFor(key: KeyRef): Held | undefined {
    if (!this.#is.ignoresKid) return this.#held.get(key.kid);
    return [...this.#held.values()].find((held) => held.key.thumbprint === key.thumbprint);
  }

  #wasHeld(key: KeyRef): boolean {
    const previous = this.#previous;
    if (previous === null || this.#around.nowMs() >= previous.untilMs) return false;
    return previous.held.get(key.kid)?.key.thumbprint === key.thumbprint;
  }

  #fetchesFirst(token: Token): boolean {
    if (this.#is.style === 'static') return false;
    if (this.#is.style === 'per_kid' && token.hasKid && !this.#held.has(token.key.kid))
      return false;
    return this.#isExpired(token.key.kid);
  }

  #isExpired(kid: string): boolean {
    const { style } = this.#is;
    const refreshMs = this.#is.refreshMs ?? Infinity;
    const nowMs = this.#around.nowMs();
    if (style === 'per_kid') {
      const held = this.#held.get(kid);
      return held !== undefined && nowMs - held.atMs >= refreshMs;
    }
    if (this.#held.size === 0 || this.fetchedAtMs === null) return style !== 'static';
    return style === 'lazy' && nowMs - this.fetchedAtMs >= refreshMs;
  }

  #isEnding(): boolean {
    const { aheadMs, refreshMs } = this.#is;
    if (aheadMs === 0 || refreshMs === null || this.fetchedAtMs === null) return false;
    return this.#around.nowMs() - this.fetchedAtMs >= refreshMs - aheadMs;
  }

  #refresh(): void {
    this.#fetch((fetched) => {
      const [first, most] = this.#is.retryMs;
      this.#retryMs = fetched.ok ? 0 : Math.min(most, Math.max(first, 2 * this.#retryMs));
      const nextMs = fetched.ok ? (this.#is.refreshMs ?? 300_000) : this.#retryMs;
      this.#around.after(nextMs, () => this.#refresh());
    });
  }

  #fetch(then: (fetched: Fetched) => void, wantedKid?: string): void {
    this.#waiting.push(then);
    if (wantedKid !== undefined) this.#wanted.add(wantedKid);
    if (this.#waiting.length > 1) return;
    this.attemptAtMs = this.#around.nowMs();
    this.#around.fetch((fetched) => {
      if (fetched.ok && this.#is.lagMs > 0 && this.#held.size > 0) {
        this.#around.after(this.#is.lagMs, () => this.#take(fetched));
      } else this.#take(fetched);
      this.#wanted.clear();
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const follow of waiting) follow(fetched);
    });
  }

  #take(fetched: Fetched): void {
    const nowMs = this.#around.nowMs();
    if (!fetched.ok) {
      this.failures += 1;
      this.lastError = fetched.error;
      if (this.#is.wipesOnFailure) this.#held.clear();
      if (this.#is.revives)
        this.#takeKids(
          [...this.#held.values()].map(({ key }) => key),
          nowMs,
        );
      return this.#around.changed();
    }
    this.failures = 0;
    this.lastError = null;
    this.fetchedAtMs = nowMs;
    this.dataAtMs = nowMs - fetched.ageMs;
    if (this.#is.documentMs !== null) this.#document = { keys: fetched.document.keys, atMs: nowMs };
    if (this.#is.style === 'per_kid') this.#takeKids(fetched.document.keys, nowMs);
    else this.#replace(fetched.document.keys, nowMs);
    this.#around.changed();
  }

  /** One entry per kid: those asked for, and those that were due. */
  #takeKids(keys: readonly KeyRef[], nowMs: number): void {
    for (const key of keys) {
      if (this.#wanted.has(key.kid) || this.#isExpired(key.kid)) {
        this.#held.set(key.kid, { key, atMs: nowMs });
      }
    }
    for (const [kid, { key }] of this.#held) {
      if (!this.#isExpired(kid) || keys.some((given) => given.kid === kid)) continue;
      if (this.#is.revives) this.#held.set(kid, { key, atMs: nowMs });
      else this.#held.delete(kid);
    }
  }

  #inDocument(kid: string): KeyRef | undefined {
    const document = this.#document;
    if (document === null) return undefined;
    if (this.#around.nowMs() - document.atMs >= (this.#is.documentMs ?? 0)) return undefined;
    return document.keys.find((key) => key.kid === kid);
  }

  #takeFromDocument(kid: string): void {
    if (this.#held.has(kid) && !this.#isExpired(kid)) return;
    const key = this.#inDocument(kid);
    if (key !== undefined) this.#held.set(kid, { key, atMs: this.#around.nowMs() });
  }

  #replace(keys: readonly KeyRef[], atMs: number): void {
    const { keepsPreviousMs, style } = this.#is;
    // When a key came counts only where keys are kept one by one.
    if (style !== 'per_kid' && keepsPreviousMs === 0 && this.#holdsJust(keys)) return;
    if (keepsPreviousMs > 0 && this.#held.size > 0) {
      this.#previous = { held: this.#held, untilMs: atMs + keepsPreviousMs };
    }
    this.#held = new Map(keys.map((key) => [key.kid, { key, atMs }]));
  }

  #holdsJust(keys: readonly KeyRef[]): boolean {
    if (this.#held.size !== keys.length) return false;
    for (const key of keys) if (this.#held.get(key.kid)?.key !== key) return false;
    return true;
  }
}
