import type {
  AttestationRecord,
  AuditEntry,
  KeyRecord,
  RotationRecord,
  UsageRecord,
  VerifierRecord,
  WaiverRecord,
} from '../core/records.ts';

/**
 * One change to persist. Every write but `audit` is an idempotent upsert or delete by its identity.
 * A verifier's write or removal changes nothing when a greater (epoch, seq) is stored, so that their
 * order does not matter; equal ones are taken, for changes that keep both.
 */
export type Write =
  | { readonly kind: 'verifier'; readonly record: VerifierRecord }
  | { readonly kind: 'verifier_removed'; readonly record: VerifierRecord }
  | { readonly kind: 'key'; readonly record: KeyRecord }
  | { readonly kind: 'usage'; readonly record: UsageRecord }
  | { readonly kind: 'rotation'; readonly record: RotationRecord }
  | { readonly kind: 'attestation'; readonly record: AttestationRecord }
  | { readonly kind: 'waiver'; readonly record: WaiverRecord }
  | { readonly kind: 'meta'; readonly record: Meta }
  | { readonly kind: 'audit'; readonly record: AuditEntry };

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
  readonly keys: readonly KeyRecord[];
  readonly usage: readonly UsageRecord[];
  readonly rotations: readonly RotationRecord[];
  readonly attestations: readonly AttestationRecord[];
  readonly waivers: readonly WaiverRecord[];
  readonly meta: Meta | null;
}

/** An audit entry as stored: numbered from 1, each hash covering the one before. */
export interface StoredAuditEntry extends AuditEntry {
  readonly number: number;
  /** SHA-256, hex, over the previous hash and this entry. */
  readonly hash: string;
}

export interface AuditQuery {
  readonly rotationId?: string;
  /** Entries with a greater number only. */
  readonly after?: number;
  /** At most this many, oldest first. */
  readonly limit: number;
}

/**
 * Durable state behind the engine. Calls are synchronous and atomic; a failed `commit` changes
 * nothing and throws StoreError, so the caller can try the same batch again.
 */
export interface Store {
  load(): Persisted;
  /** All writes or none, in order; durable when it returns. */
  commit(writes: readonly Write[]): void;
  audit(query: AuditQuery): readonly StoredAuditEntry[];
  /** Number of the first entry whose hash does not fit, or null when the chain holds. */
  verifyAudit(): number | null;
  close(): void;
}
