import type { Gate, VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import type { RejectedRow } from '../harness/truth.ts';
import type { DemoOptions } from './options.ts';

/** How one gate went, seconds since the demo started. */
export interface GateTiming {
  readonly askedAtSeconds: number;
  readonly firstAnswer: VerdictStatus;
  /** Ids of the checks that did not pass when first asked. */
  readonly firstReasons: readonly string[];
  /** Null when it never opened. */
  readonly openedAtSeconds: number | null;
  readonly waitedSeconds: number | null;
}

/** How an alert went. */
export interface AlertTiming {
  readonly name: string;
  /** From the first valid token that was rejected to the alert. */
  readonly raisedAfterSeconds: number;
  /** From going back to the end of the alert; null where the signer did not go back. */
  readonly overAfterSeconds: number | null;
}

/** The one JSON line of `--json`. */
export interface Summary {
  readonly mode: DemoOptions['mode'];
  readonly validTokensTried: number;
  readonly validTokensRejected: number;
  /** Requests without an HTTP answer; no verdict on a token. */
  readonly requestsUnanswered: number;
  /** Tokens signed by a stranger under the active kid, shown to prove that signatures are checked. */
  readonly forgedTokensTried: number;
  readonly forgedTokensAccepted: number;
  /** Time both keys stood in the JWKS. */
  readonly overlapSeconds: number;
  /** What "wait a day between publishing and withdrawing" would have taken. */
  readonly fixedWaitSeconds: number;
  /** What "longest token lifetime + longest cache" would have taken, from the runbook's figures. */
  readonly runbookWaitSeconds: number;
  readonly durationSeconds: number;
  /** The first alert of refused tokens; null where none fired. */
  readonly alert: AlertTiming | null;
  readonly gates: Readonly<Partial<Record<Gate, GateTiming>>>;
  readonly rejections: readonly {
    readonly verifier: string;
    readonly kid: string;
    readonly reason: string;
    readonly count: number;
  }[];
}

export const FIXED_WAIT_SECONDS = 86_400;

/** What the run failed to show; empty when it showed what its mode claims. */
export function missingFrom(summary: Summary): readonly string[] {
  const missing: string[] = [];
  if (summary.validTokensTried < 100) {
    missing.push(`only ${summary.validTokensTried} valid tokens were tried, too few to mean much`);
  }
  if (summary.forgedTokensTried === 0 || summary.forgedTokensAccepted > 0) {
    missing.push(
      `${summary.forgedTokensAccepted} of ${summary.forgedTokensTried} forged tokens were accepted`,
    );
  }
  if (summary.mode === 'impatient') {
    if (summary.validTokensRejected === 0) missing.push('no valid token was rejected');
    if (summary.alert === null) missing.push('no alert was raised');
    return missing;
  }
  if (summary.validTokensRejected > 0) {
    missing.push(`${summary.validTokensRejected} valid tokens were rejected`);
  }
  for (const gate of ['publish', 'activate', 'retire', 'purge'] as const) {
    if (summary.gates[gate]?.openedAtSeconds == null) missing.push(`gate ${gate} did not open`);
  }
  return missing;
}

/** Rows of rejected tokens for a table, most frequent first. */
export function rejectionRows(
  rejections: readonly RejectedRow[],
  roleOf: (kid: string) => string,
): readonly (readonly string[])[] {
  return rejections.map((row) => [
    String(row.count).padStart(5),
    row.verifier,
    roleOf(row.kid),
    row.reason,
  ]);
}
