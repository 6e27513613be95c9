import type { Clock } from '@keyturn/shared/clock.ts';
import { isSecretKey } from '@keyturn/shared/model/secret-keys.ts';
import { NOTHING_KNOWN } from '../ledger/held-set.ts';
import type { HeldSecrets, KeySetState, Ledger, Reporter, Urgency } from '../ledger/ledger.ts';
import type { KeysPush, OutcomeRow, OutcomesPush } from './bodies.ts';

/** Boots of one verifier that ended and are told so if they speak again. */
const ENDED_BOOTS_MAX = 16;

export interface PushedVerifierOptions {
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly onSilent: () => void;
  readonly onRestart: () => void;
}

/**
 * A verifier that reports itself. It counts as alive for one lease after whatever it pushed; then it
 * is no longer reported, and what it said of its keys is forgotten, until it speaks again.
 */
export class PushedVerifier implements Disposable {
  readonly ledger: Ledger;
  readonly #options: PushedVerifierOptions;
  readonly #endedBoots: string[] = [];
  #boot: string | null = null;
  #seq = 0;
  /** Issuers whose keys were told by this boot. */
  readonly #told = new Set<string>();
  #live = false;
  #cancelLease: () => void = () => undefined;

  constructor(options: PushedVerifierOptions) {
    this.ledger = options.ledger;
    this.#options = options;
  }

  /** True when another process took this identity over after `boot`. */
  isEnded(boot: string): boolean {
    return this.#endedBoots.includes(boot);
  }

  /** It said goodbye and no other process took its place. */
  get hasDeparted(): boolean {
    return this.#boot === null && this.#endedBoots.length > 0;
  }

  isBoot(boot: string): boolean {
    return this.#boot === boot;
  }

  /** Issuers whose keys are not known: the verifier should push them. */
  get keysWanted(): readonly string[] {
    return this.ledger.issuers.filter((issuer) => !this.#told.has(issuer));
  }

  heartbeat(boot: string): void {
    this.#hear(boot, () => 'soon');
  }

  keys(push: KeysPush): void {
    this.#hear(push.boot, (nowMs) => {
      this.#told.add(push.issuer);
      this.ledger.setKeys(push.issuer, stateOf(push, nowMs));
      this.ledger.setSecrets(push.issuer, secretsOf(push, nowMs));
      return 'soon';
    });
  }

  /** False when this batch was counted before. */
  outcomes(push: OutcomesPush): boolean {
    let isNew = false;
    this.#hear(push.boot, (nowMs) => {
      isNew = push.seq > this.#seq;
      if (!isNew) return 'soon';
      this.#seq = push.seq;
      const news = push.outcomes.map((row) => count(this.ledger, row, nowMs));
      return news.includes('now') ? 'now' : 'soon';
    });
    return isNew;
  }

  /** What it holds is not known any more: it said something about its keys that cannot be read. */
  forgetKeys(): void {
    const before = this.ledger.revision;
    this.#clearKeys();
    if (this.#live && this.ledger.revision !== before) {
      this.#options.reporter.changed(this.ledger, 'soon');
    }
  }

  /** The verifier stops on purpose. */
  goodbye(reason: string): void {
    this.#end();
    this.#clearKeys();
    this.#live = false;
    this.#cancelLease();
    this.#options.reporter.remove(this.ledger, reason);
  }

  /** The agent stops and the verifier goes on. */
  silence(): void {
    if (this.#live) this.#options.reporter.silence(this.ledger);
  }

  [Symbol.dispose](): void {
    this.#cancelLease();
  }

  // `learn` puts what was said into the ledger.
  #hear(boot: string, learn: (nowMs: number) => Urgency): void {
    const { reporter, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.ledger.revision;
    if (this.#boot !== boot) this.#begin(boot);
    const urgency = learn(nowMs);
    this.ledger.toldAt(nowMs);
    if (!this.#live) {
      this.#live = true;
      reporter.add(this.ledger);
      reporter.changed(this.ledger, urgency);
    } else if (this.ledger.revision !== before) {
      reporter.changed(this.ledger, urgency);
    }
    this.#renewLease();
  }

  #begin(boot: string): void {
    const isRestart = this.#boot !== null;
    this.#end();
    this.#boot = boot;
    this.#seq = 0;
    // A process that starts holds nothing that anybody saw.
    this.#clearKeys();
    if (isRestart) this.#options.onRestart();
  }

  #end(): void {
    if (this.#boot === null) return;
    this.#endedBoots.push(this.#boot);
    if (this.#endedBoots.length > ENDED_BOOTS_MAX) this.#endedBoots.shift();
    this.#boot = null;
  }

  #clearKeys(): void {
    for (const issuer of this.#told) {
      this.ledger.setKeys(issuer, NOTHING_KNOWN);
      this.ledger.setSecrets(issuer, null);
    }
    this.#told.clear();
  }

  #renewLease(): void {
    const { clock, leaseMs } = this.#options;
    this.#cancelLease();
    this.#cancelLease = clock.after(leaseMs, () => {
      this.#live = false;
      // What it held when it was last heard of must not count when it speaks again.
      this.#clearKeys();
      this.#options.reporter.silence(this.ledger);
      this.#options.onSilent();
    });
  }
}

function stateOf(push: KeysPush, nowMs: number): KeySetState {
  const ago = (ageMs: number | null | undefined) => (ageMs == null ? null : nowMs - ageMs);
  const ahead = (inMs: number | null | undefined) => (inMs == null ? null : nowMs + inMs);
  return {
    keys: push.keys.filter((key) => !isSecretKey(key)),
    dataAtMs: ago(push.data_age_ms),
    attemptAtMs: ago(push.attempt_age_ms),
    consecutiveFailures: push.consecutive_failures,
    lastError: push.last_error ?? null,
    nextRefreshAtMs: ahead(push.next_refresh_in_ms),
    cooldownUntilMs: ahead(push.cooldown_in_ms),
    documentSha256: push.document_sha256 ?? null,
    servedAtMs: null,
  };
}

// Keys or a document without a secret may come from a verifier that nobody taught to tell of them.
function secretsOf(push: KeysPush, nowMs: number): HeldSecrets | null {
  return push.tellsSecrets ? { keys: push.keys.filter(isSecretKey), toldAtMs: nowMs } : null;
}

// The ledger takes lifetimes from claims. A row of several tokens has its highest iat and exp from
// different ones perhaps, so the longest lifetime goes in as one token of its own: it ends at the
// highest exp and began no later than the highest iat, hence moves neither.
function count(ledger: Ledger, row: OutcomeRow, nowMs: number): Urgency | null {
  const { issuer, kid, outcome, iat, exp, lifetime_s: lifetimeS } = row;
  if (row.count === 0) return null;
  const claims =
    outcome === 'ok' && (iat !== undefined || exp !== undefined)
      ? { iatS: iat ?? null, expS: exp ?? null }
      : null;
  if (row.count === 1 || exp === undefined || lifetimeS === undefined) {
    return ledger.count(issuer, kid, outcome, claims, nowMs, row.count);
  }
  const urgency = ledger.count(issuer, kid, outcome, claims, nowMs, row.count - 1);
  ledger.count(issuer, kid, outcome, { iatS: exp - lifetimeS, expS: exp }, nowMs, 1);
  return urgency;
}
