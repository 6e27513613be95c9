import type { CanaryAnswer } from '@keyturn/shared/model/probe.ts';

/** The key a canary was signed by, as the collector has seen it published. */
export interface ProbedKey {
  readonly kid: string;
  readonly thumbprint: string;
}

/** How the latest probe of one verifier ended. */
export interface ProbeEvidence {
  readonly rotationId: string;
  /** The new key of that rotation. */
  readonly key: ProbedKey;
  /** When it was asked for: no token was presented earlier. */
  readonly atMs: number;
  /** As evidence for the key it counts before this. */
  readonly validUntilMs: number;
  readonly answers: readonly CanaryAnswer[];
}

/** What canary tokens showed of one verifier for one issuer; the latest alone is kept. */
export interface HeldProbe {
  readonly issuer: string;
  /** Of the process that reports now; null when it has not been probed. */
  readonly latest: ProbeEvidence | null;
  /**
   * It refused the new key's token while it took the current key's. Kept until something shows
   * otherwise: probes that stay away or reach nobody clear nothing.
   */
  readonly refusedNew: { readonly key: ProbedKey; readonly atMs: number } | null;
  /** It took a token with a signature nobody made; kept, also over restarts, until it refuses one. */
  readonly bogusAcceptedAtMs: number | null;
}

/** After a restart a verifier's pace is kept to as far as it is on record; null: never probed. */
export function lastProbedAtMs(probes: readonly HeldProbe[]): number | null {
  const times = probes.flatMap(({ latest }) => (latest === null ? [] : [latest.atMs]));
  return times.length === 0 ? null : Math.max(...times);
}

/** True when it took a token with a signature nobody made, for some issuer. */
export function takesAnything(probes: readonly HeldProbe[]): boolean {
  return probes.some((held) => held.bogusAcceptedAtMs !== null);
}
