import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { AuditHead } from '../audit-chain.ts';
import type {
  AuditQuery,
  Meta,
  Persisted,
  Store,
  StoredAuditEntry,
  StoredEvidence,
  Write,
} from '../store.ts';
import { StoreError } from '../store-error.ts';
import { AuditTable } from './audit-table.ts';
import { EvidenceTable } from './evidence-table.ts';
import type { HistoryStore } from '../history-store.ts';
import { asStoreError, storeError } from './failure.ts';
import { historyTables } from './history-tables.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';
import { metaTable, recordTables } from './record-tables.ts';
import { VerifierTable } from './verifier-table.ts';

/** A store whose file has room for what pages draw, too. */
export interface FileStore extends Store {
  readonly history: HistoryStore;
}

/**
 * A store in one SQLite file, locked for the life of the process.
 *
 * @param file made when missing; its directory too.
 * @throws StoreError when the file cannot be used; it is left as it is.
 */
export function openSqliteStore(file: string, options: DatabaseOptions = {}): FileStore {
  const db = openDatabase(file, options);
  try {
    return new SqliteStore(db, file);
  } catch (thrown) {
    db.close();
    throw asStoreError(thrown, file);
  }
}

class SqliteStore implements FileStore {
  readonly history: HistoryStore;
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #inodes: ReadonlyMap<string, string>;
  readonly #verifiers: VerifierTable;
  readonly #records: ReturnType<typeof recordTables>;
  readonly #evidence: EvidenceTable;
  readonly #meta: ReturnType<typeof metaTable>;
  readonly #audit: AuditTable;
  readonly #commit: (writes: readonly Write[]) => void;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
    this.#verifiers = new VerifierTable(db, file);
    this.#records = recordTables(db, file);
    this.#evidence = new EvidenceTable(db, file);
    this.#meta = metaTable(db, file);
    this.#audit = new AuditTable(db, file);
    this.#inodes = new Map([file, `${file}-wal`].map((part) => [part, inode(part)]));
    this.history = historyTables(db, (call) =>
      this.#guarded(() => {
        this.#requireInPlace();
        return call();
      }),
    );
    const transaction = db.transaction((writes: readonly Write[]) => {
      for (const write of writes) this.#apply(write);
      this.#audit.beforeCommit();
    });
    this.#commit = (writes) => transaction.immediate(writes);
  }

  load(): Persisted {
    return this.#guarded(() => ({
      verifiers: this.#verifiers.all(),
      issuers: this.#records.issuer.all(),
      keys: this.#records.key.all(),
      usage: this.#records.usage.all(),
      rotations: this.#records.rotation.all(),
      attestations: this.#records.attestation.all(),
      waivers: this.#records.waiver.all(),
      evidence: this.#evidence.refs(),
      rehearsals: this.#records.rehearsal.all(),
      alerts: this.#records.alert.all(),
      silences: this.#records.silence.all(),
      notices: this.#records.notice.all(),
      series: this.#records.series.all(),
      meta: this.#meta.get(),
    }));
  }

  commit(writes: readonly Write[]): void {
    try {
      this.#requireOpen();
      this.#requireInPlace();
      this.#commit(writes);
    } catch (thrown) {
      this.#verifiers.rolledBack();
      this.#audit.rolledBack();
      throw asStoreError(thrown, this.#file);
    }
    this.#verifiers.committed();
    this.#audit.committed();
  }

  audit(query: AuditQuery): readonly StoredAuditEntry[] {
    return this.#guarded(() => this.#audit.query(query));
  }

  evidence(rotationId: string, number: number): StoredEvidence | undefined {
    return this.#guarded(() => this.#evidence.get(rotationId, number));
  }

  lastMeta(): Meta | null {
    return this.#guarded(() => this.#meta.get());
  }

  auditHead(): AuditHead {
    return this.#guarded(() => this.#audit.head);
  }

  verifyAudit(): number | null {
    return this.#guarded(() => this.#audit.verify());
  }

  close(): void {
    this.#db.close();
  }

  #guarded<T>(read: () => T): T {
    try {
      this.#requireOpen();
      return read();
    } catch (thrown) {
      throw asStoreError(thrown, this.#file);
    }
  }

  #requireOpen(): void {
    if (!this.#db.open) throw new StoreError('STORE_FAILED', 'The store is closed.');
  }

  /** A file deleted or replaced under us would take commits that no restart finds again. */
  #requireInPlace(): void {
    for (const [part, expected] of this.#inodes) {
      if (inode(part) !== expected) {
        throw storeError('STORE_FAILED', part, 'it was moved, deleted or replaced while in use');
      }
    }
  }

  #apply(write: Write): void {
    switch (write.kind) {
      case 'verifier':
        this.#verifiers.put(write.record);
        return;
      case 'verifier_removed':
        this.#verifiers.remove(write.record);
        return;
      case 'issuer':
        this.#records.issuer.put(write.record);
        return;
      case 'key':
        this.#records.key.put(write.record);
        return;
      case 'usage':
        this.#records.usage.put(write.record);
        return;
      case 'rotation':
        this.#records.rotation.put(write.record);
        return;
      case 'rotation_removed':
        this.#records.rotation.remove(write.record.id);
        for (const id of write.record.attestationIds) this.#records.attestation.remove(id);
        for (const id of write.record.waiverIds) this.#records.waiver.remove(id);
        return;
      case 'attestation':
        this.#records.attestation.put(write.record);
        return;
      case 'waiver':
        this.#records.waiver.put(write.record);
        return;
      case 'evidence':
        this.#evidence.put(write.record);
        return;
      case 'rehearsal':
        this.#records.rehearsal.put(write.record);
        return;
      case 'alert':
        this.#records.alert.put(write.record);
        return;
      case 'silence':
        this.#records.silence.put(write.record);
        return;
      case 'notice':
        this.#records.notice.put(write.record);
        return;
      case 'series':
        this.#records.series.put(write.record);
        return;
      case 'alert_removed':
        this.#records.alert.remove(write.record.id);
        return;
      case 'silence_removed':
        this.#records.silence.remove(write.record.id);
        return;
      case 'notice_removed':
        this.#records.notice.remove(write.record.id);
        return;
      case 'series_removed':
        this.#records.series.remove(write.record.id);
        return;
      case 'meta':
        this.#meta.put(write.record);
        return;
      case 'audit':
        this.#audit.append(write.record);
        return;
    }
  }
}

/** Device and inode of a file, or a text that equals no other when it is gone. */
function inode(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? 'none' : `${stats.dev}:${stats.ino}`;
}
