import type Database from 'better-sqlite3';
import type { AuditEntry } from '../../core/records.ts';
import {
  AUDIT_START,
  type AuditHead,
  type AuditLink,
  auditHash,
  firstBrokenLink,
  nextAuditLink,
} from '../audit-chain.ts';
import { auditEntrySchema } from '../record-schemas.ts';
import type { AuditQuery, StoredAuditEntry } from '../store.ts';
import { damagedRow, readBody } from './record-tables.ts';

// To the letter as in the index `audit_by_alert`, or that is not used.
const ALERT_OF_ENTRY =
  "case when json_valid(body) then coalesce(json_extract(body, '$.detail.alert'), json_extract(body, '$.detail.alertId')) end";

/** The append-only audit trail. Its head is stored apart from it, so that a cut trail shows. */
export class AuditTable {
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #insert: Database.Statement;
  readonly #putHead: Database.Statement;
  #head: AuditHead;
  #pendingHead: AuditHead | null = null;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
    this.#insert = db.prepare(
      'insert into audit (number, rotation_id, body, hash) values (?, ?, ?, ?)',
    );
    this.#putHead = db.prepare(
      `insert into audit_head (id, number, hash) values (1, ?, ?)
       on conflict (id) do update set number = excluded.number, hash = excluded.hash`,
    );
    this.#head = this.#readHead();
  }

  append(entry: AuditEntry): void {
    const link = nextAuditLink(this.#pendingHead ?? this.#head, entry);
    this.#insert.run(link.number, entry.rotationId, link.body, link.hash);
    this.#pendingHead = { number: link.number, hash: link.hash };
  }

  /** Last step of a transaction. */
  beforeCommit(): void {
    if (this.#pendingHead !== null) {
      this.#putHead.run(this.#pendingHead.number, this.#pendingHead.hash);
    }
  }

  committed(): void {
    this.#head = this.#pendingHead ?? this.#head;
    this.#pendingHead = null;
  }

  rolledBack(): void {
    this.#pendingHead = null;
  }

  query(asked: AuditQuery): readonly StoredAuditEntry[] {
    const { alertId, rotationId, after = 0, before = Number.MAX_SAFE_INTEGER, limit } = asked;
    const where = [
      ...(rotationId === undefined ? [] : ['and rotation_id = @rotationId']),
      ...(alertId === undefined ? [] : [`and ${ALERT_OF_ENTRY} = @alertId`]),
    ].join(' ');
    const order = asked.order === 'newest' ? 'desc' : 'asc';
    const rows = this.#db
      .prepare(
        `select number, body, hash from audit where number > @after and number < @before ${where} order by number ${order} limit @limit`,
      )
      .all({
        after,
        before,
        limit: Math.max(0, limit),
        ...(rotationId === undefined ? {} : { rotationId }),
        ...(alertId === undefined ? {} : { alertId }),
      });
    return (rows as AuditLink[]).map(({ number, hash, body }) => {
      const entry = readBody(this.#file, 'audit', String(number), body, auditEntrySchema);
      return { ...entry, number, hash };
    });
  }

  get head(): AuditHead {
    return this.#head;
  }

  verify(): number | null {
    const links = this.#db
      .prepare('select number, body, hash from audit order by number')
      .iterate();
    return firstBrokenLink(links as Iterable<AuditLink>, this.#head);
  }

  /** Checks that the newest entries fit; the whole trail is `verify`'s, it may be long. */
  #readHead(): AuditHead {
    const head = this.#db.prepare('select number, hash from audit_head where id = 1').get() as
      | AuditHead
      | undefined;
    const newest = this.#db
      .prepare('select number, body, hash from audit order by number desc limit 2')
      .all() as AuditLink[];
    const [last, before = AUDIT_START] = newest;
    if ((head?.number ?? 0) !== (last?.number ?? 0) || head?.hash !== last?.hash) {
      throw damagedRow(
        this.#file,
        'audit',
        String(head?.number ?? 1),
        'the newest entry is missing or was changed',
      );
    }
    if (last === undefined) return AUDIT_START;
    if (last.hash !== auditHash(before.hash, last.number, last.body)) {
      throw damagedRow(this.#file, 'audit', String(last.number), 'its hash does not fit');
    }
    return { number: last.number, hash: last.hash };
  }
}
