import { verifierKey } from '@keyturn/shared/model/ids.ts';
import type { Write } from './core/writes.ts';
import {
  evidenceRecordId,
  keyRecordId,
  rehearsalRecordId,
  usageRecordId,
} from './store/record-ids.ts';

/** Audit entries kept while the store refuses writes; further ones are counted and dropped. */
const AUDIT_PENDING_MAX = 10_000;

/** Changes that wait for a commit, at most one of each record. */
export class PendingWrites {
  readonly #writes = new Map<string, Write>();
  #auditSerial = 0;
  #auditPending = 0;
  #auditDropped = 0;

  get size(): number {
    return this.#writes.size;
  }

  /** In the order of their last change. */
  get all(): readonly Write[] {
    return [...this.#writes.values()];
  }

  add(write: Write): void {
    if (write.kind === 'audit') {
      if (this.#auditPending >= AUDIT_PENDING_MAX) {
        this.#auditDropped += 1;
        return;
      }
      this.#auditPending += 1;
    }
    const identity = write.kind === 'audit' ? `audit ${this.#auditSerial++}` : identityOf(write);
    // Deleted first so that the last change of a record also comes last.
    this.#writes.delete(identity);
    this.#writes.set(identity, write);
  }

  /** After a commit: nothing waits any more. Audit entries that were dropped leave one that says so. */
  committed(nowMs: number): void {
    this.#writes.clear();
    this.#auditPending = 0;
    if (this.#auditDropped === 0) return;
    const dropped = this.#auditDropped;
    this.#auditDropped = 0;
    this.add({
      kind: 'audit',
      record: {
        atMs: nowMs,
        kind: 'observation',
        rotationId: null,
        actor: 'keyturn',
        action: 'audit_dropped',
        message: `${dropped} audit entries could not be kept while the store refused writes`,
        detail: { dropped },
      },
    });
  }
}

function identityOf(write: Exclude<Write, { readonly kind: 'audit' }>): string {
  switch (write.kind) {
    case 'verifier':
    case 'verifier_removed':
      return `verifier ${verifierKey(write.record.id)}`;
    case 'issuer':
      return `issuer ${write.record.issuer}`;
    case 'key':
      return `key ${keyRecordId(write.record)}`;
    case 'usage':
      return `usage ${usageRecordId(write.record)}`;
    case 'rotation':
    case 'rotation_removed':
      return `rotation ${write.record.id}`;
    case 'attestation':
    case 'waiver':
      return `${write.kind} ${write.record.id}`;
    case 'evidence':
      return `evidence ${evidenceRecordId(write.record)}`;
    case 'rehearsal':
      return `rehearsal ${rehearsalRecordId(write.record)}`;
    case 'alert':
    case 'alert_removed':
      return `alert ${write.record.id}`;
    case 'silence':
    case 'silence_removed':
      return `silence ${write.record.id}`;
    case 'notice':
    case 'notice_removed':
      return `notice ${write.record.id}`;
    case 'series':
    case 'series_removed':
      return `series ${write.record.id}`;
    case 'meta':
      return 'meta';
  }
}
