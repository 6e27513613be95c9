import type { KeyRef, VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { CountKey, FetchError, Source } from '@keyturn/shared/model/report.ts';
import type { CacheKind, KeyKind } from '@keyturn/shared/model/secret-keys.ts';
import type { CheckClass, CheckStatus, Gate } from '@keyturn/shared/model/verdict.ts';
import type { HeldProbe } from './probes/record.ts';

// Everything here is plain data that survives a restart. Times ending in AtMs are Unix milliseconds
// by the collector's clock; fields ending in S are the issuer's clock or durations in seconds.

/** One cache's key set, with ages turned into moments of the collector's clock on receipt. */
export interface HeldKeySet {
  readonly issuer: string;
  readonly keys: readonly KeyRef[];
  readonly dataAtMs: number | null;
  readonly attemptAtMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastError: FetchError | null;
  readonly nextRefreshAtMs: number | null;
  readonly cooldownUntilMs: number | null;
  readonly documentSha256: string | null;
  readonly servedAtMs: number | null;
  /** When the verifier said which secrets it holds; null while it has said nothing of them. */
  readonly secretsAtMs: number | null;
}

/** Cumulative counts of one process, since it started. */
export interface HeldCounts {
  readonly issuer: string;
  readonly key: CountKey;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly highestIatS: number | null;
  readonly highestExpS: number | null;
  readonly longestLifetimeS: number | null;
  readonly acceptedWithoutExp: number;
  readonly acceptedWithoutIat: number;
  readonly lastAcceptedAtMs: number | null;
}

/** Outcome totals of earlier processes under one identity, beyond those kept apart. */
export interface CarriedCounts {
  readonly issuer: string;
  readonly key: CountKey;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

/** Counts of one process that reported under an identity. */
export interface BootCounts {
  readonly bootId: string;
  readonly counts: readonly HeldCounts[];
}

/** One verifier with its latest accepted report. */
export interface VerifierRecord {
  readonly id: VerifierId;
  readonly bootId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly profile: string;
  readonly source: Source;
  readonly issuers: readonly string[];
  /** Which keys this cache decides with. */
  readonly cacheKind: CacheKind;
  readonly firstSeenAtMs: number;
  /** Last accepted report; null between hello and first report of the first epoch. */
  readonly receivedAtMs: number | null;
  /** The moment the last accepted report speaks of: receivedAt minus its age. */
  readonly observedAtMs: number | null;
  readonly keySets: readonly HeldKeySet[];
  readonly counts: readonly HeldCounts[];
  readonly carried: readonly CarriedCounts[];
  /**
   * The processes before this one, latest first. A process counts from its own start, whatever epoch
   * it is given, so one that returns must find what was counted of it.
   */
  readonly otherBoots: readonly BootCounts[];
  /** Clean stop; a departed verifier blocks nothing. */
  readonly departedAtMs: number | null;
  /** Last time two live processes reported under this identity. */
  readonly duplicateAtMs: number | null;
  /** By issuer, one each. */
  readonly probes: readonly HeldProbe[];
}

/**
 * A key the collector itself has seen in an issuer's JWKS, or a shared secret some rotation named: that
 * one has no thumbprint and is neither published nor withdrawn, but its kid is taken for ever as well.
 */
export interface KeyRecord {
  readonly issuer: string;
  readonly key: KeyRef;
  readonly firstSeenAtMs: number;
  /** Tpub: seen twice in a row at every vantage; null while any vantage lacks it. */
  readonly publishedAtMs: number | null;
  /** Tremoved: missing twice in a row at every vantage; null while any serves it. */
  readonly withdrawnAtMs: number | null;
  /** Set for ever once the key was retired or its kid reappeared with other key material. */
  readonly tombstone: 'retired' | 'reused' | null;
  /** Longest token lifetime declared while the key was seen: settings raise it and never lower it. */
  readonly declaredLifetimeMs: number | null;
  /** It appeared after its issuer was first seen, and no rotation has named it as its new key yet. */
  readonly unclaimed: boolean;
}

/** What is known of an issuer as a whole. */
export interface IssuerRecord {
  readonly issuer: string;
  /** Longest life of a copy of its JWKS that may still be about, by its answers, milliseconds. */
  readonly cacheLifeMs: number;
  /** When every address of it had been read, as last written; null: never on record. */
  readonly readAtMs: number | null;
  /** End of the last long time in which an address was not read; null: there was none. */
  readonly watchedSinceMs: number | null;
}

/** High-water marks of accepted tokens per (issuer, kid); kid null: tokens without one. Never lowered. */
export interface UsageRecord {
  readonly issuer: string;
  readonly kid: string | null;
  readonly firstAcceptedAtMs: number;
  readonly lastAcceptedAtMs: number;
  /** Highest `iat`, never later than the moment the token was accepted. */
  readonly highestIatS: number | null;
  readonly highestExpS: number | null;
  readonly longestLifetimeS: number | null;
  /** Totals over all verifiers, ever. */
  readonly acceptedWithoutExp: number;
  readonly acceptedWithoutIat: number;
}

export type Step =
  | 'publish'
  | 'activate'
  | 'retire'
  | 'rollback'
  | 'abort'
  | 'taint'
  | 'complete'
  | 'destroy_old_key';

export interface Declaration {
  readonly atMs: number;
  readonly by: string;
  /** Set when the step was taken although its gate was not open. */
  readonly overrideReason: string | null;
  /** Why the step was taken, where that was said. */
  readonly reason: string | null;
}

/** One change of signing key for one issuer. */
export interface RotationRecord {
  readonly id: string;
  readonly issuer: string;
  /** The new key's. */
  readonly alg: string;
  /** Another one where the rotation changes the algorithm; empty when the old key names none. */
  readonly oldAlg: string;
  /** `secret`: both keys are shared secrets, which are handed out and not published. */
  readonly keyKind: KeyKind;
  readonly oldKid: string;
  readonly oldThumbprint: string | null;
  readonly newKid: string;
  /** Null until declared or observed in the JWKS. */
  readonly newThumbprint: string | null;
  readonly startedAtMs: number;
  readonly startedBy: string;
  /** Latest declaration of each step, the first of those that nothing undoes: intent, not fact. */
  readonly declared: Readonly<Partial<Record<Step, Declaration>>>;
  /** First declaration of `activate` in force; cleared by a rollback. */
  readonly switchedAtMs: number | null;
  /**
   * First acceptance of a new-key token after that declaration: a declaration is intent, and until
   * here the old key may have gone on signing. Cleared with it.
   */
  readonly switchSeenAtMs: number | null;
  /**
   * First declaration of `activate` since the last rollback: the rollback window runs from there,
   * however often the step is declared. Cleared by a rollback.
   */
  readonly firstSwitchedAtMs: number | null;
  /** Last declared rollback. Evidence of the new key from before it counts no more. */
  readonly rolledBackAtMs: number | null;
  /** Key-attributable failures of new-kid tokens counted when the signer was switched. */
  readonly failuresAtSwitch: number;
  readonly endedAtMs: number | null;
  readonly outcome: 'completed' | 'aborted' | null;
  readonly tainted: boolean;
  /** Observed: the key appeared by itself, and nobody here declares the steps. */
  readonly origin: 'declared' | 'observed';
  /** A sentence; null while open, and for rotations that a declared step ended. */
  readonly endedBecause: string | null;
  /** What an observed rotation did wrong, in the order seen; at most one of each. */
  readonly findings: readonly ObservedFinding[];
}

export const OBSERVED_FINDINGS = [
  'swapped',
  'early_use',
  'short_lead',
  'early_removal',
  'went_back',
] as const;

/** Something an issuer did that can make verifiers refuse valid tokens. */
export interface ObservedFinding {
  readonly id: (typeof OBSERVED_FINDINGS)[number];
  readonly atMs: number;
  /** One sentence for a person. */
  readonly message: string;
}

export interface AttestationRecord {
  readonly id: string;
  readonly rotationId: string;
  readonly service: string;
  /** Null: every instance. */
  readonly instance: string | null;
  readonly fact: 'holds_new' | 'rejects_old';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
}

export interface WaiverRecord {
  readonly id: string;
  readonly rotationId: string;
  readonly gate: Gate;
  readonly checkId: string;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
}

/** What one check said when a rehearsal was made. */
export interface RehearsedCheck {
  readonly id: string;
  readonly status: CheckStatus;
  readonly class: CheckClass;
  readonly message: string;
  /** `service/instance/cache state` of the first few. */
  readonly offenders: readonly string[];
  readonly offenderCount: number;
}

/** A dry run before the switch: could the signer have gone back to the old key then? */
export interface RehearsalRecord {
  readonly rotationId: string;
  /** From 1 within the rotation. Of many, the latest `REHEARSALS_KEPT_MAX` are kept. */
  readonly number: number;
  readonly by: string;
  readonly atMs: number;
  /** Passed: every check did. Unknown: none failed, and one could not be judged. */
  readonly status: 'passed' | 'failed' | 'unknown';
  readonly checks: readonly RehearsedCheck[];
}

/** Rehearsals kept per rotation; the audit trail has them all. */
export const REHEARSALS_KEPT_MAX = 50;

/** One line of the audit trail; the store numbers and chains them. */
export interface AuditEntry {
  readonly atMs: number;
  readonly kind: 'act' | 'decision' | 'observation' | 'refusal';
  readonly rotationId: string | null;
  /** A person or tool as it named itself, or `keyturn`. */
  readonly actor: string;
  readonly action: string;
  /** One sentence for a person. */
  readonly message: string;
  /** JSON-safe facts. */
  readonly detail: Readonly<Record<string, unknown>>;
}
