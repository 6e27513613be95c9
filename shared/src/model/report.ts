import type { KeyRef, VerifierId } from './ids.ts';
import type { Outcome } from './outcome.ts';
import type { CacheKind } from './secret-keys.ts';

/** How an agent knows what it reports; bounds the evidence a report can give. */
export type Source = 'in_process' | 'pushed' | 'proxy';

/** Why the last fetch of a JWKS failed. */
export const FETCH_ERRORS = [
  'timeout',
  'network',
  'tls',
  'status',
  'too_large',
  'not_json',
  'invalid',
  'other',
] as const;

export type FetchError = (typeof FETCH_ERRORS)[number];

/** What one cache holds for one issuer. Ages are milliseconds before the report was sent. */
export interface KeySetReport {
  readonly issuer: string;
  readonly keys: readonly KeyRef[];
  /** Age of the data itself; null when nothing was ever fetched. */
  readonly dataAgeMs: number | null;
  readonly attemptAgeMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastError: FetchError | null;
  readonly nextRefreshInMs: number | null;
  readonly cooldownInMs: number | null;
  /** SHA-256 of the document as served, hex; null when not seen. */
  readonly documentSha256: string | null;
  /** Proxy only: since the verifier last fetched from the proxy; null when it never did. */
  readonly servedAgeMs: number | null;
  /**
   * Since the verifier said which shared secrets it holds; `keys` then has each of them. Null: it has
   * said nothing of secrets, so that one that is not there may be held all the same.
   */
  readonly secretsAgeMs: number | null;
}

/** Which tokens a row of counts speaks of. `other`: kids that did not fit the agent's table. */
export type CountKey =
  | { readonly kind: 'kid'; readonly kid: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'other' };

/** Cumulative counts since the epoch began. Claims come from accepted tokens only. */
export interface KidCounts {
  readonly issuer: string;
  readonly key: CountKey;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Issuer's clock, Unix seconds. */
  readonly highestIat: number | null;
  readonly highestExp: number | null;
  /** Longest exp - iat, seconds. */
  readonly longestLifetimeS: number | null;
  readonly acceptedWithoutExp: number;
  readonly acceptedWithoutIat: number;
  readonly lastAcceptedAgeMs: number | null;
}

/** The full snapshot of one verifier, as it crosses the wire. */
export interface Report {
  readonly handle: number;
  readonly epoch: number;
  /** From 1 in each epoch. */
  readonly seq: number;
  readonly observedAgeMs: number;
  readonly keySets: readonly KeySetReport[];
  readonly counts: readonly KidCounts[];
  readonly dropped: number;
}

/** What an agent says of a verifier before its first report. */
export interface VerifierHello {
  readonly handle: number;
  readonly id: VerifierId;
  /** Profile id from the catalogue, empty when not known. */
  readonly profile: string;
  readonly source: Source;
  readonly issuers: readonly string[];
  /** The agent can present canary tokens to this verifier; absent: it cannot. */
  readonly probes?: boolean;
  readonly cacheKind: CacheKind;
}

export interface Hello {
  /** 16 random bytes, hex. */
  readonly bootId: string;
  readonly agentVersion: string;
  readonly verifiers: readonly VerifierHello[];
  /** Display and skew only. */
  readonly wallUnixMs: number;
}

export interface Settings {
  readonly reportIntervalMs: number;
  readonly leaseMs: number;
  readonly holdDownRemainingMs: number;
  readonly reconnectWindowMs: number;
  readonly watchedKeys: readonly WatchedKey[];
}

/** A kid to count by name. `secret`: fetching does not bring it. */
export interface WatchedKey {
  readonly issuer: string;
  readonly kid: string;
  readonly secret: boolean;
}

export interface Assignment {
  readonly handle: number;
  readonly epoch: number;
  readonly committedSeq: number;
  /** Empty when accepted. */
  readonly refused: string;
}

export interface Welcome {
  readonly assignments: readonly Assignment[];
  readonly settings: Settings;
}

export type AckResult = 'applied' | 'ignored' | 'superseded' | 'rejected';

export interface Ack {
  readonly handle: number;
  readonly epoch: number;
  readonly seq: number;
  readonly result: AckResult;
  /** For `rejected`: field, expectation, what came. */
  readonly reason: string;
}

export interface Goodbye {
  /** Empty: every verifier of the session. */
  readonly handles: readonly number[];
  readonly reason: string;
}

/** Bounds on one report; an agent keeps to them, the collector refuses what exceeds them. */
export const REPORT_LIMITS = {
  keySetsPerReport: 16,
  keysPerSet: 128,
  countRowsPerReport: 256,
  reportsPerMessage: 1_000,
  verifiersPerSession: 10_000,
  issuersPerVerifier: 16,
  watchedKeys: 1_024,
  agentVersionBytes: 64,
  /** A goodbye's, refusal's or rejection's reason. */
  reasonBytes: 512,
  /** Ten years: older than any process, so more is a broken clock or unit. */
  ageMs: 315_360_000_000,
  /** Latest `iat` and `exp`, longest lifetime: the end of the year 9999. */
  numericDateS: 253_402_300_799,
  /** Shortest and longest report interval an agent obeys. */
  reportIntervalMsMin: 50,
  reportIntervalMsMax: 86_400_000,
  /** gRPC message size, bytes. */
  messageBytes: 1_048_576,
} as const;

/** True when (epoch, seq) of `a` is greater than of `b`; the one order of reports. */
export function isNewer(
  a: { readonly epoch: number; readonly seq: number },
  b: { readonly epoch: number; readonly seq: number },
): boolean {
  return a.epoch !== b.epoch ? a.epoch > b.epoch : a.seq > b.seq;
}
