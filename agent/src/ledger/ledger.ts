import type { KeyRef, VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { FetchError, Report, Source, WatchedKey } from '@keyturn/shared/model/report.ts';
import type { CacheKind } from '@keyturn/shared/model/secret-keys.ts';

/** What an observer knows of an accepted token; taken from its verified claims. */
export interface AcceptedClaims {
  readonly iatS: number | null;
  readonly expS: number | null;
}

/** What one cache holds, in the agent's monotonic milliseconds. */
export interface KeySetState {
  readonly keys: readonly KeyRef[];
  readonly dataAtMs: number | null;
  readonly attemptAtMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastError: FetchError | null;
  readonly nextRefreshAtMs: number | null;
  readonly cooldownUntilMs: number | null;
  readonly documentSha256: string | null;
  readonly servedAtMs: number | null;
}

/** The shared secrets one cache holds: ids alone, every one of them. */
export interface HeldSecrets {
  readonly keys: readonly KeyRef[];
  /** When they were told, in the agent's monotonic milliseconds. */
  readonly toldAtMs: number;
}

/**
 * What one verifier is known to hold and how its verifications ended. Pure memory: no I/O, no clock;
 * `nowMs` is the agent's monotonic clock. Bounded: kids beyond the table are counted as `other`.
 */
export interface Ledger {
  readonly id: VerifierId;
  readonly profile: string;
  readonly source: Source;
  readonly issuers: readonly string[];
  readonly cacheKind: CacheKind;

  /**
   * Hot path. `kid` null: the token had none. `claims` only for `ok`; an accepted token without
   * claims counts as one without `exp` and `iat`. `times` (1): tokens that ended this way at once.
   * Gives how urgent the news in it is; null: none that could not wait for the heartbeat.
   */
  count(
    issuer: string,
    kid: string | null,
    outcome: Outcome,
    claims: AcceptedClaims | null,
    nowMs: number,
    times?: number,
  ): Urgency | null;
  /** Replaces what is known of one issuer's set; true when the keys themselves changed. */
  setKeys(issuer: string, state: KeySetState): boolean;
  /** Replaces what is known of one issuer's secrets in this cache; null: nothing is known any more. */
  setSecrets(issuer: string, secrets: HeldSecrets | null): void;
  /** Kids to count by name although no held set has them. */
  watch(keys: readonly WatchedKey[]): void;
  /** Watched kids of public keys of this issuer that its held set lacks. */
  missing(issuer: string): readonly string[];
  /** Reports told by somebody else (push): when they were told, so that the report's age says so. */
  toldAt(nowMs: number): void;
  /** Grows with every change worth sending. */
  readonly revision: number;
  /** Tokens that were not counted because their issuer is none of `issuers`. */
  readonly foreignIssuerCounts: number;
  /** The full snapshot, ages computed at `nowMs`. */
  snapshot(
    nowMs: number,
    stamp: { readonly handle: number; readonly epoch: number; readonly seq: number },
  ): Report;
}

/** Why the uplink should send: `soon` is coalesced to at most one per second, `now` is not held back. */
export type Urgency = 'soon' | 'now';

/** Where observers hand their ledgers; the uplink is one. Never throws, never waits. */
export interface Reporter {
  add(ledger: Ledger): void;
  changed(ledger: Ledger, urgency: Urgency): void;
  /**
   * The verifier behind a push fell silent: no goodbye, no hello and no report may speak for it until
   * `changed` is called for it again, so that the collector sees its silence.
   */
  silence(ledger: Ledger): void;
  /** The verifier stops on purpose. */
  remove(ledger: Ledger, reason: string): void;
}
