import type {
  AttestationRecord,
  RehearsalRecord,
  RotationRecord,
  UsageRecord,
  WaiverRecord,
} from '../core/records.ts';
import type { EvidencedMoments, OverlapTerms } from '../core/snapshot/evidence-record.ts';
import type { StoredAuditEntry, StoredEvidence } from '../store/store.ts';

/** Everything a report is made of. Equal facts give an equal report. */
export interface ReportFacts {
  readonly version: string;
  readonly rotation: RotationRecord;
  /** What is known now; for an ended rotation what was written down then comes first. */
  readonly moments: EvidencedMoments;
  readonly overlap: OverlapTerms | null;
  /** Use of the old key, ever. */
  readonly oldUsage: UsageRecord | null;
  /** kids of this rotation that were seen with more than one thumbprint. */
  readonly reusedKids: readonly string[];
  readonly attestations: readonly AttestationRecord[];
  readonly waivers: readonly WaiverRecord[];
  /** Oldest first. */
  readonly rehearsals: readonly RehearsalRecord[];
  /** In the order taken. */
  readonly evidence: readonly ReadEvidence[];
  /** Snapshots on record that were not read. */
  readonly evidenceLeftOut: number;
  /** Of this rotation, oldest first. */
  readonly trail: readonly StoredAuditEntry[];
  readonly chain: ChainState;
}

/** A stored snapshot with as many of its verifiers as a report lists. */
export interface ReadEvidence extends Pick<StoredEvidence, 'record' | 'sha256'> {
  /** Verifiers of the stored snapshot beyond them. */
  readonly verifiersMore: number;
}

/** What a look at the whole audit trail found. */
export interface ChainState {
  /** Null: not looked at. */
  readonly intact: boolean | null;
  readonly firstBroken: number | null;
}
