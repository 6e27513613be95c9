import type { Grade } from './evidence.ts';

export const GATES = ['publish', 'activate', 'retire', 'purge', 'rollback'] as const;
export type Gate = (typeof GATES)[number];

export type VerdictStatus = 'open' | 'closed' | 'unknown' | 'aborted';
export type CheckStatus = 'pass' | 'fail' | 'unknown' | 'waived';
export type CheckClass = 'time' | 'evidence' | 'coverage' | 'health' | 'policy';

/** One verifier (or missing instance) that keeps a check from passing. */
export interface Offender {
  readonly service: string;
  /** Empty when the service as a whole is meant. */
  readonly instance: string;
  readonly cache: string;
  /** Grade or condition found: `absent`, `stale`, `silent`, `never_seen`, … */
  readonly state: string;
  /** Collector's clock. */
  readonly sinceMs: number | null;
  readonly detail: string;
}

/** One rule's answer, with its reason for a person. */
export interface Check {
  /** Stable, snake_case. */
  readonly id: string;
  readonly status: CheckStatus;
  readonly class: CheckClass;
  readonly message: string;
  /** At most `OFFENDERS_SHOWN_MAX`; `offenderCount` is the full number. */
  readonly offenders: readonly Offender[];
  readonly offenderCount: number;
  readonly sinceMs: number | null;
  readonly clearsAtMs: number | null;
  /** The exact command that would help; empty when only waiting does. */
  readonly help: string;
}

export const OFFENDERS_SHOWN_MAX = 100;

/** The answer to "may this irreversible act be done now?". */
export interface Verdict {
  readonly rotationId: string;
  readonly gate: Gate;
  readonly status: VerdictStatus;
  readonly checks: readonly Check[];
  readonly weakestGrade: Grade | null;
  readonly evaluatedAtMs: number;
  readonly revision: number;
  readonly clearsAtMs: number | null;
  /** Rollback only. */
  readonly advised: boolean;
  /** The rotation was observed: nobody here takes the step this gate is about. */
  readonly advisory: boolean;
}
