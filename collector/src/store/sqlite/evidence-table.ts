import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type Database from 'better-sqlite3';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { EvidenceRecord, EvidenceRef } from '../../core/snapshot/evidence-record.ts';
import { evidenceBody, evidenceSha256 } from '../evidence-body.ts';
import { evidenceSchema, occasionSchema } from '../evidence-schema.ts';
import type { StoredEvidence } from '../store.ts';
import { damagedRow, readBody } from './record-tables.ts';

/** Level 1 deflates rows as well as higher ones, in a third of the time. */
const LEVEL = 1;

/** Longest text a stored snapshot may unfold to, bytes: 10,000 rows take about 4 MB. */
const BODY_BYTES_MAX = 64 * 1_048_576;

/** Snapshots of evidence, written once and read one by one. */
export class EvidenceTable {
  readonly #file: string;
  readonly #insert: Database.Statement;
  readonly #get: Database.Statement;
  readonly #refs: Database.Statement;

  constructor(db: Database.Database, file: string) {
    this.#file = file;
    // A batch that is tried again brings the same snapshot.
    this.#insert = db.prepare(
      `insert into evidence (rotation_id, number, occasion, body) values (?, ?, ?, ?)
       on conflict (rotation_id, number) do nothing`,
    );
    this.#get = db
      .prepare('select body from evidence where rotation_id = ? and number = ?')
      .pluck();
    this.#refs = db.prepare(
      'select rotation_id, number, occasion from evidence order by rotation_id, number',
    );
  }

  put(record: EvidenceRecord): void {
    const body = deflateRawSync(evidenceBody(record), { level: LEVEL });
    this.#insert.run(record.rotationId, record.number, JSON.stringify(record.occasion), body);
  }

  refs(): readonly EvidenceRef[] {
    const rows = this.#refs.all() as { rotation_id: string; number: number; occasion: string }[];
    return rows.map(({ rotation_id: rotationId, number, occasion }) => ({
      rotationId,
      number,
      occasion: readBody(
        this.#file,
        'evidence',
        nameOf(rotationId, number),
        occasion,
        occasionSchema,
      ),
    }));
  }

  get(rotationId: string, number: number): StoredEvidence | undefined {
    const stored = this.#get.get(rotationId, number) as Buffer | undefined;
    if (stored === undefined) return undefined;
    const name = nameOf(rotationId, number);
    const body = this.#unfold(stored, name);
    const record = readBody(this.#file, 'evidence', name, body, evidenceSchema);
    if (record.rotationId !== rotationId || record.number !== number) {
      throw damagedRow(this.#file, 'evidence', name, 'its content belongs to another row');
    }
    return { record, body, sha256: evidenceSha256(body) };
  }

  #unfold(stored: Buffer, name: string): string {
    try {
      return inflateRawSync(stored, { maxOutputLength: BODY_BYTES_MAX }).toString('utf8');
    } catch (thrown) {
      throw damagedRow(this.#file, 'evidence', name, messageOf(thrown));
    }
  }
}

function nameOf(rotationId: string, number: number): string {
  return `${rotationId} ${number}`;
}
