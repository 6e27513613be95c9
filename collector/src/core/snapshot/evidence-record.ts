import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type {
  CheckClass,
  CheckStatus,
  Gate,
  VerdictStatus,
} from '@keyturn/shared/model/verdict.ts';
import type { AttestationRecord, Step, WaiverRecord } from '../records.ts';

// What was known when a decision was made. A rotation's standings are let go when it ends and
// verifiers come and go, so whoever asks months later must find it written down.

/** Why a snapshot was taken. */
export type Occasion =
  | {
      readonly kind: 'step';
      readonly step: Step;
      readonly by: string;
      readonly overrideReason: string | null;
      /** Why the step was taken, where that was said. */
      readonly reason: string | null;
    }
  /** The gate opened for the first time, or for the first time since a rollback. */
  | { readonly kind: 'gate'; readonly gate: Gate }
  /** An observed rotation ended by itself. */
  | { readonly kind: 'end'; readonly outcome: 'completed' | 'aborted'; readonly because: string };

/** A check as it stood; its offenders are among the verifiers of the snapshot. */
export interface EvidencedCheck {
  readonly id: string;
  readonly status: CheckStatus;
  readonly class: CheckClass;
  readonly message: string;
  readonly offenderCount: number;
  readonly sinceMs: number | null;
  readonly clearsAtMs: number | null;
}

export interface EvidencedVerdict {
  readonly gate: Gate;
  readonly status: VerdictStatus;
  readonly weakestGrade: Grade | null;
  readonly advised: boolean;
  readonly checks: readonly EvidencedCheck[];
}

/** One service for the rotation's issuer, with its verifiers counted. */
export interface EvidencedService {
  readonly name: string;
  readonly declared: boolean;
  readonly required: boolean;
  /** How its verifiers come to be known. */
  readonly kind: string;
  /** How its readiness was established: by evidence, a person's word, or time. */
  readonly way: string;
  /** The weakest evidence its policy asked for. */
  readonly evidence: Grade;
  readonly profile: string;
  /** The fewest where a range was declared. */
  readonly instancesDeclared: number | null;
  readonly instancesMax: number | null;
  readonly instancesLive: number;
  readonly verifiers: number;
  readonly silent: number;
  readonly joined: number;
  /** Verifiers whose agent cannot count outcomes. */
  readonly uncounted: number;
  /** Verifiers by what was known of the new key. */
  readonly byNew: Readonly<Record<string, number>>;
  /** Verifiers by what was known of the old key. */
  readonly byOld: Readonly<Record<string, number>>;
}

/** What one verifier had shown. */
export interface EvidencedVerifier {
  readonly service: string;
  readonly instance: string;
  readonly cache: string;
  readonly profile: string;
  readonly source: string;
  readonly liveness: string;
  readonly holdsNew: string;
  readonly holdsNewSinceMs: number;
  readonly holdsOld: string;
  readonly holdsOldSinceMs: number;
  readonly detail: string;
  /** Its last accepted report. */
  readonly reportedAtMs: number | null;
}

/**
 * The terms of the overlap that was required, `P + Spub + switch spread + Tmax + σ + Sret`
 * (milliseconds). Null: not known or without bound, and then the whole is not known either.
 */
export interface OverlapTerms {
  readonly propagationMs: number | null;
  /** The service whose caches take longest; null when there is none. */
  readonly propagationOf: string | null;
  readonly publishSafetyMs: number;
  /** From the declared switch to the last signature of the old key; 0 before the switch. */
  readonly switchSpreadMs: number;
  readonly lifetimeMs: number | null;
  readonly skewMs: number;
  readonly retireSafetyMs: number;
  readonly requiredMs: number | null;
}

/** Moments of the rotation as known at the snapshot, Unix ms of the collector's clock. */
export interface EvidencedMoments {
  readonly publishedAtMs: number | null;
  readonly switchedAtMs: number | null;
  readonly switchSeenAtMs: number | null;
  /** Latest moment the old key may have signed. */
  readonly lastOldSignatureAtMs: number | null;
  /** Latest acceptance of a token of the old key anywhere. */
  readonly lastOldAcceptedAtMs: number | null;
  /** From then on no token of the old key can be accepted any more. */
  readonly oldTokensGoneAtMs: number | null;
  readonly withdrawnAtMs: number | null;
}

/** What was known of a rotation at one moment. Written once, with the act or opening it is of. */
export interface EvidenceRecord {
  readonly rotationId: string;
  /** From 1, in the order taken. */
  readonly number: number;
  readonly atMs: number;
  readonly occasion: Occasion;
  /** Null for steps without a gate. */
  readonly verdict: EvidencedVerdict | null;
  readonly moments: EvidencedMoments;
  /** Null when the issuer is not configured any more. */
  readonly overlap: OverlapTerms | null;
  /** SHA-256, hex, of the policy in force; empty where nobody named it. */
  readonly policySha256: string;
  readonly services: readonly EvidencedService[];
  /** Weakest evidence first. */
  readonly verifiers: readonly EvidencedVerifier[];
  /** Verifiers beyond the bound, all with evidence at least as strong as the last one listed. */
  readonly verifiersLeftOut: number;
  /** In force then. */
  readonly attestations: readonly AttestationRecord[];
  readonly waivers: readonly WaiverRecord[];
}

/** That a snapshot was taken, without what is in it. */
export interface EvidenceRef {
  readonly rotationId: string;
  readonly number: number;
  readonly occasion: Occasion;
}

/** Which snapshots of a rotation there are; their content is in the store alone. */
export interface EvidenceTaken {
  readonly count: number;
  /** Gates whose opening is on record since the start, or since the last rollback. */
  readonly opened: ReadonlySet<Gate>;
}
