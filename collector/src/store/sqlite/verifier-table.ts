import type Database from 'better-sqlite3';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import type { VerifierRecord } from '../../core/records.ts';
import { verifierSchema } from '../record-schemas.ts';
import { damagedRow, readBody } from './record-tables.ts';

interface Row {
  readonly id: number;
  readonly service: string;
  readonly instance: string;
  readonly cache: string;
  readonly epoch: number;
  readonly seq: number;
  readonly body: string;
}

const bodySchema = verifierSchema.omit({ id: true, epoch: true, seq: true });

/**
 * Verifier rows. The integer key of each verifier is kept in memory; keys given out in a transaction
 * count only once `committed` is called.
 */
export class VerifierTable {
  readonly #file: string;
  readonly #rowIds = new Map<string, number>();
  readonly #pending = new Map<string, number | null>();
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #all: Database.Statement;

  constructor(db: Database.Database, file: string) {
    this.#file = file;
    this.#insert = db.prepare(
      'insert into verifier (service, instance, cache, epoch, seq, body) values (?, ?, ?, ?, ?, ?)',
    );
    // "Greater or equal" keeps the merge commutative and still lets a departure through, which
    // keeps epoch and seq.
    this.#update = db.prepare(
      'update verifier set epoch = ?, seq = ?, body = ? where id = ? and (epoch, seq) <= (?, ?)',
    );
    this.#remove = db.prepare('delete from verifier where id = ? and (epoch, seq) <= (?, ?)');
    this.#all = db.prepare('select * from verifier order by id');
    const ids = db.prepare('select id, service, instance, cache from verifier');
    for (const row of ids.iterate() as Iterable<Row>) this.#rowIds.set(verifierKey(row), row.id);
  }

  put(record: VerifierRecord): void {
    const { id, epoch, seq, ...rest } = record;
    const body = JSON.stringify(rest);
    const key = verifierKey(id);
    const rowId = this.#rowId(key);
    if (rowId !== undefined) {
      this.#update.run(epoch, seq, body, rowId, epoch, seq);
      return;
    }
    const added = this.#insert.run(id.service, id.instance, id.cache, epoch, seq, body);
    this.#pending.set(key, Number(added.lastInsertRowid));
  }

  remove(record: VerifierRecord): void {
    const key = verifierKey(record.id);
    const rowId = this.#rowId(key);
    if (rowId === undefined) return;
    const removed = this.#remove.run(rowId, record.epoch, record.seq);
    if (removed.changes > 0) this.#pending.set(key, null);
  }

  all(): readonly VerifierRecord[] {
    const records: VerifierRecord[] = [];
    for (const row of this.#all.iterate() as Iterable<Row>) records.push(this.#record(row));
    return records;
  }

  committed(): void {
    for (const [key, rowId] of this.#pending) {
      if (rowId === null) this.#rowIds.delete(key);
      else this.#rowIds.set(key, rowId);
    }
    this.#pending.clear();
  }

  rolledBack(): void {
    this.#pending.clear();
  }

  #rowId(key: string): number | undefined {
    const pending = this.#pending.get(key);
    return pending === undefined ? this.#rowIds.get(key) : (pending ?? undefined);
  }

  #record(row: Row): VerifierRecord {
    const id = { service: row.service, instance: row.instance, cache: row.cache };
    const place = verifierKey(id);
    if (row.epoch < 0 || row.seq < 0) {
      throw damagedRow(this.#file, 'verifier', place, 'negative epoch or seq');
    }
    const rest = readBody(this.#file, 'verifier', place, row.body, bodySchema);
    return { id, epoch: row.epoch, seq: row.seq, ...rest };
  }
}
