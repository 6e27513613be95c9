import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { Fetched, Token } from './issuer.ts';
import type { Kind } from './kinds.ts';

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

/** Between two tries of a background refresh that fails. */
const BACKGROUND_RETRY_MS = 5_000;
const TOKENS_REMEMBERED_MAX = 50;

/** One cache of keys that decides on tokens, behaving as its profile says. */
export class KeyCache {
  readonly #held = new Map<string, Held>();
  /** When the set as a whole was fetched. */
  fetchedAtMs: number | null = null;
  dataAtMs: number | null = null;
  attemptAtMs: number | null = null;
  failures = 0;
  lastError: 'status' | 'timeout' | 'network' | null = null;
  readonly #kind: Kind;
  readonly #facts: ProfileFacts;
  readonly #around: Surroundings;
  readonly #accepted = new Map<number, { readonly thumbprint: string; readonly untilMs: number }>();
  #waiting: ((fetched: Fetched) => void)[] = [];
  readonly #wanted = new Set<string>();

  constructor(kind: Kind, facts: ProfileFacts, around: Surroundings) {
    this.#kind = kind;
    this.#facts = facts;
    this.#around = around;
  }

  get keys(): readonly KeyRef[] {
    const held = [...this.#held.values()].map(({ key }) => key);
    // Entries kept one by one are gone when their time is.
    return this.#kind.style === 'per_kid' ? held.filter(({ kid }) => !this.#isExpired(kid)) : held;
  }

  /** Starts as the process does; `keys`: those it was built or configured with. */
  start(keys: readonly KeyRef[] | null): void {
    if (keys !== null) this.configure(keys);
    if (this.#kind.style === 'background') this.#refresh();
  }

  /** Puts keys in as a person or an image does. */
  configure(keys: readonly KeyRef[]): void {
    const nowMs = this.#around.nowMs();
    this.#replace(keys, nowMs);
    this.fetchedAtMs = nowMs;
    if (this.#kind.style === 'static') this.dataAtMs = nowMs;
    this.#around.changed();
  }

  /** Fetches because somebody asks, not because of a token. */
  reload(): void {
    if (this.#kind.style !== 'static') this.#fetch(() => undefined);
  }

  isCoolingDown(): boolean {
    const { cooldownS } = this.#facts;
    return (
      this.fetchedAtMs !== null &&
      this.#around.nowMs() - this.fetchedAtMs < (cooldownS ?? 0) * 1_000
    );
  }

  /** Looks a key up for a token, fetching as this kind does, and says how it went. */
  decide(token: Token, then: (outcome: Outcome) => void): void {
    const remembered = this.#accepted.get(token.serial);
    if (remembered !== undefined && this.#around.nowMs() < remembered.untilMs) return then('ok');
    const judge = (mayFetch: boolean): void => this.#judge(token, mayFetch, then);
    if (!this.#fetchesFirst(token)) return judge(true);
    this.#fetch((fetched) => {
      if (fetched.ok || (this.#kind.staleOnError && this.#held.size > 0)) judge(false);
      else then('jwks_unavailable');
    });
  }

  /** Remembers an accepted token, where this kind does. */
  remember(token: Token, untilMs: number): void {
    if (this.#kind.tokenCacheMs === 0) return;
    const nowMs = this.#around.nowMs();
    this.#accepted.set(token.serial, {
      thumbprint: token.key.thumbprint,
      untilMs: Math.min(untilMs, nowMs + this.#kind.tokenCacheMs),
    });
    for (const serial of this.#accepted.keys()) {
      if (this.#accepted.size <= TOKENS_REMEMBERED_MAX) break;
      this.#accepted.delete(serial);
    }
  }

  /** True when a valid token of this key would be accepted now, were every endpoint healthy. */
  wouldAccept(key: KeyRef, onDemand: boolean): boolean {
    const held = this.#held.get(key.kid);
    const holds = held?.key.thumbprint === key.thumbprint;
    if (this.#kind.style === 'static') return holds;
    if (this.#isExpired(key.kid)) return this.#around.wouldServe(key.thumbprint);
    if (holds) return true;
    return held === undefined && onDemand && this.#around.wouldServe(key.thumbprint);
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
    if (key !== undefined) {
      return then(key.thumbprint === token.key.thumbprint ? 'ok' : 'bad_signature');
    }
    if (!mayFetch || !this.#facts.refetchesOnUnknownKid || this.#kind.style === 'static') {
      return then('unknown_kid');
    }
    if (this.isCoolingDown()) return then('unknown_kid_throttled');
    this.#fetch((fetched) => {
      if (fetched.ok) this.#judge(token, false, then);
      else then(this.#held.size > 0 ? 'unknown_kid' : 'jwks_unavailable');
    }, token.key.kid);
  }

  #find(token: Token): KeyRef | 'ambiguous' | undefined {
    if (token.hasKid) return this.#held.get(token.key.kid)?.key;
    const [only, ...more] = this.#held.values();
    return more.length > 0 ? 'ambiguous' : only?.key;
  }

  #fetchesFirst(token: Token): boolean {
    if (this.#kind.style === 'static') return false;
    if (this.#kind.style === 'per_kid' && token.hasKid && !this.#held.has(token.key.kid))
      return false;
    return this.#isExpired(token.key.kid);
  }

  #isExpired(kid: string): boolean {
    const { style } = this.#kind;
    const refreshMs = this.#facts.refreshS === null ? Infinity : this.#facts.refreshS * 1_000;
    const nowMs = this.#around.nowMs();
    if (style === 'per_kid') {
      const held = this.#held.get(kid);
      return held !== undefined && nowMs - held.atMs >= refreshMs;
    }
    if (this.#held.size === 0 || this.fetchedAtMs === null) return style !== 'static';
    return style === 'lazy' && nowMs - this.fetchedAtMs >= refreshMs;
  }

  #refresh(): void {
    this.#fetch((fetched) => {
      const refreshMs = (this.#facts.refreshS ?? 300) * 1_000;
      this.#around.after(fetched.ok ? refreshMs : BACKGROUND_RETRY_MS, () => this.#refresh());
    });
  }

  #fetch(then: (fetched: Fetched) => void, wantedKid?: string): void {
    this.#waiting.push(then);
    if (wantedKid !== undefined) this.#wanted.add(wantedKid);
    if (this.#waiting.length > 1) return;
    this.attemptAtMs = this.#around.nowMs();
    this.#around.fetch((fetched) => {
      this.#take(fetched);
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
      if (this.#kind.wipesOnFailure) this.#held.clear();
      return this.#around.changed();
    }
    this.failures = 0;
    this.lastError = null;
    this.fetchedAtMs = nowMs;
    this.dataAtMs = nowMs - fetched.ageMs;
    if (this.#kind.style === 'per_kid') this.#takeKids(fetched.document.keys, nowMs);
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
    for (const kid of this.#held.keys()) {
      if (this.#isExpired(kid) && !keys.some((key) => key.kid === kid)) this.#held.delete(kid);
    }
  }

  #replace(keys: readonly KeyRef[], atMs: number): void {
    this.#held.clear();
    for (const key of keys) this.#held.set(key.kid, { key, atMs });
  }
}
