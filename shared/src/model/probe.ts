/**
 * The tokens of one probe, in the order they are presented (RFC 8509's three-way test): `next` signed
 * by the new key, `current` by the old one, `bogus` well formed with a signature nobody made.
 */
export const CANARY_ROLES = ['next', 'current', 'bogus'] as const;

export type CanaryRole = (typeof CANARY_ROLES)[number];

/**
 * What became of one token. `unreachable`: there was no answer. `unclear`: there was one that says
 * neither yes nor no, such as an error of the server's.
 */
export const CANARY_OUTCOMES = ['accepted', 'rejected', 'unreachable', 'unclear'] as const;

export type CanaryOutcome = (typeof CANARY_OUTCOMES)[number];

/**
 * The audience canaries have unless settings name another. Agents inside verifiers leave tokens of
 * exactly this audience out of what they count: no client uses them, so they say nothing of use.
 */
export const CANARY_AUDIENCE = 'keyturn-canary';

export interface Canary {
  readonly role: CanaryRole;
  /** Compact JWS. Held in memory alone: never stored, never logged. */
  readonly token: string;
}

/** The collector asks for one probe of one verifier. */
export interface Probe {
  readonly id: string;
  readonly handle: number;
  readonly issuer: string;
  /** Not to be begun after this long. */
  readonly expiresInMs: number;
  /** Probes of one verifier keep at least this far apart. */
  readonly apartMs: number;
  readonly canaries: readonly Canary[];
}

/** What the collector says about probes. */
export interface ProbeOrders {
  readonly probes: readonly Probe[];
  /** Ids of probes not to be begun; one that runs presents no further token. */
  readonly withdrawnIds: readonly string[];
}

export interface CanaryAnswer {
  readonly role: CanaryRole;
  readonly outcome: CanaryOutcome;
  /** HTTP status, where there was one. */
  readonly status: number | null;
}

/** How one probe ended; roles that were not presented are left out. */
export interface ProbeResult {
  readonly probeId: string;
  readonly handle: number;
  /** Since the first token was presented. */
  readonly ageMs: number;
  readonly answers: readonly CanaryAnswer[];
}

/** Bounds on probes. */
export const PROBE_LIMITS = {
  probesPerMessage: 64,
  resultsPerMessage: 256,
  withdrawnPerMessage: 10_000,
  probeIdBytes: 64,
  /** Verifiers and servers commonly take headers of 8 KiB altogether. */
  tokenBytes: 4_096,
  /** A day; a probe is over within a minute. */
  ageMs: 86_400_000,
} as const;

// RFC 7515 section 7.1, with no part left empty.
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** A sentence naming what is wrong with the form of a token, or undefined. It never has the token. */
export function tokenProblem(token: string): string | undefined {
  const bytes = Buffer.byteLength(token);
  if (bytes > PROBE_LIMITS.tokenBytes) {
    return `expected a token of at most ${PROBE_LIMITS.tokenBytes} bytes, got ${bytes}`;
  }
  if (COMPACT_JWS.test(token)) return undefined;
  return `expected a compact JWS (three base64url parts joined by dots), got ${bytes} bytes that are none`;
}
