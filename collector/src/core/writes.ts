import type {
  AttestationRecord,
  AuditEntry,
  IssuerRecord,
  KeyRecord,
  RehearsalRecord,
  RotationRecord,
  UsageRecord,
  VerifierRecord,
  WaiverRecord,
} from './records.ts';
import type { AlertRecord, SilenceRecord } from './alerts/alert.ts';
import type { NoticeRecord } from './alerts/notice.ts';
import type { SeriesRecord } from './detectors/series-record.ts';
import type { EvidenceRecord, EvidenceRef } from './snapshot/evidence-record.ts';

/**
 * One change to persist. Every write but `audit` is an idempotent upsert or delete by its identity.
 * A verifier's write or removal changes nothing when a greater (epoch, seq) is stored, so that their
 * order does not matter; equal ones are taken, for changes that keep both.
 */
export type Write =
  | { readonly kind: 'verifier'; readonly record: VerifierRecord }
  | { readonly kind: 'verifier_removed'; readonly record: VerifierRecord }
  | { readonly kind: 'issuer'; readonly record: IssuerRecord }
  | { readonly kind: 'key'; readonly record: KeyRecord }
  | { readonly kind: 'usage'; readonly record: UsageRecord }
  | { readonly kind: 'rotation'; readonly record: RotationRecord }
  | { readonly kind: 'rotation_removed'; readonly record: RemovedRotation }
  | { readonly kind: 'attestation'; readonly record: AttestationRecord }
  | { readonly kind: 'waiver'; readonly record: WaiverRecord }
  /** Never changed once written. */
  | { readonly kind: 'evidence'; readonly record: EvidenceRecord }
  | { readonly kind: 'rehearsal'; readonly record: RehearsalRecord }
  | { readonly kind: 'alert' | 'alert_removed'; readonly record: AlertRecord }
  | { readonly kind: 'silence' | 'silence_removed'; readonly record: SilenceRecord }
  | { readonly kind: 'notice' | 'notice_removed'; readonly record: NoticeRecord }
  | { readonly kind: 'series' | 'series_removed'; readonly record: SeriesRecord }
  | { readonly kind: 'meta'; readonly record: Meta }
  | { readonly kind: 'audit'; readonly record: AuditEntry };

/** An ended observed rotation that made room, with what people said of it. */
export interface RemovedRotation {
  readonly id: string;
  readonly attestationIds: readonly string[];
  readonly waiverIds: readonly string[];
}

/** Facts about the whole. */
export interface Meta {
  /** Highest epoch of any verifier whose record was deleted; new epochs start above it. */
  readonly epochFloor: number;
  /** Latest collector time known when last written, Unix ms. */
  readonly lastNowMs: number;
}

/** Everything a collector needs to go on after a restart. */
export interface Persisted {
  readonly verifiers: readonly VerifierRecord[];
  readonly issuers: readonly IssuerRecord[];
  readonly keys: readonly KeyRecord[];
  readonly usage: readonly UsageRecord[];
  readonly rotations: readonly RotationRecord[];
  readonly attestations: readonly AttestationRecord[];
  readonly waivers: readonly WaiverRecord[];
  /** What snapshots there are; `Store.evidence` reads them. */
  readonly evidence: readonly EvidenceRef[];
  readonly rehearsals: readonly RehearsalRecord[];
  readonly alerts: readonly AlertRecord[];
  readonly silences: readonly SilenceRecord[];
  readonly notices: readonly NoticeRecord[];
  readonly series: readonly SeriesRecord[];
  readonly meta: Meta | null;
}
