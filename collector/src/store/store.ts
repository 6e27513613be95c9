import type { AuditEntry } from '../core/records.ts';
import type { AuditHead } from './audit-chain.ts';
import type { EvidenceRecord } from '../core/snapshot/evidence-record.ts';
import type { Meta, Persisted, Write } from '../core/writes.ts';

export type { Meta, Persisted, Write } from '../core/writes.ts';

/** An audit entry as stored: numbered from 1, each hash covering the one before. */
export interface StoredAuditEntry extends AuditEntry {
  readonly number: number;
  /** SHA-256, hex, over the previous hash and this entry. */
  readonly hash: string;
}

/** A snapshot as stored. */
export interface StoredEvidence {
  readonly record: EvidenceRecord;
  /** Its text as first written. */
  readonly body: string;
  /** SHA-256, hex, of `body`. */
  readonly sha256: string;
}

export interface AuditQuery {
  readonly rotationId?: string;
  /** Transitions of this alert, and acts that name it. */
  readonly alertId?: string;
  /** Entries with a greater number only. */
  readonly after?: number;
  /** Entries with a smaller number only. */
  readonly before?: number;
  /** At most this many. */
  readonly limit: number;
  /** Oldest first unless said. */
  readonly order?: 'oldest' | 'newest';
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
  /** One snapshot of a rotation; undefined when there is none of this number. */
  evidence(rotationId: string, number: number): StoredEvidence | undefined;
  /** The meta record as it is stored now, read anew; null when none was written. */
  lastMeta(): Meta | null;
  /** Where the audit trail ends. */
  auditHead(): AuditHead;
  /** Number of the first entry whose hash does not fit, or null when the chain holds. */
  verifyAudit(): number | null;
  close(): void;
}
