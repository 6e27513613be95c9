import type Database from 'better-sqlite3';
import { messageOf } from '@keyturn/shared/errors.ts';
import { z } from 'zod';
import { keyRecordId, rehearsalRecordId, usageRecordId } from '../record-ids.ts';
import {
  attestationSchema,
  issuerRecordSchema,
  keySchema,
  metaSchema,
  rehearsalSchema,
  rotationSchema,
  usageSchema,
  waiverSchema,
} from '../record-schemas.ts';
import { alertSchema, noticeSchema, seriesSchema, silenceSchema } from '../alert-schemas.ts';
import type { Meta } from '../store.ts';
import { storeError } from './failure.ts';

/** A table of `(id, body)`. */
export interface RecordTable<T> {
  readonly put: (record: T) => void;
  readonly remove: (id: string) => void;
  readonly all: () => readonly T[];
}

/** The tables that hold one JSON record per identity. */
export function recordTables(db: Database.Database, file: string) {
  const byId = (record: { readonly id: string }) => record.id;
  return {
    issuer: recordTable(db, file, 'issuer', issuerRecordSchema, (record) => record.issuer),
    key: recordTable(db, file, 'issuer_key', keySchema, keyRecordId),
    usage: recordTable(db, file, 'token_usage', usageSchema, usageRecordId),
    rotation: recordTable(db, file, 'rotation', rotationSchema, byId),
    attestation: recordTable(db, file, 'attestation', attestationSchema, byId),
    waiver: recordTable(db, file, 'waiver', waiverSchema, byId),
    rehearsal: recordTable(db, file, 'rehearsal', rehearsalSchema, rehearsalRecordId),
    alert: recordTable(db, file, 'alert', alertSchema, byId),
    silence: recordTable(db, file, 'silence', silenceSchema, byId),
    notice: recordTable(db, file, 'notice', noticeSchema, byId),
    series: recordTable(db, file, 'series', seriesSchema, byId),
  };
}

function recordTable<S extends z.ZodType>(
  db: Database.Database,
  file: string,
  table: string,
  schema: S,
  idOf: (record: z.output<S>) => string,
): RecordTable<z.output<S>> {
  const put = db.prepare(
    `insert into ${table} (id, body) values (?, ?) on conflict (id) do update set body = excluded.body`,
  );
  const remove = db.prepare(`delete from ${table} where id = ?`);
  const all = db.prepare(`select id, body from ${table} order by id`);
  return {
    put(record) {
      put.run(idOf(record), JSON.stringify(record));
    },
    remove(id) {
      remove.run(id);
    },
    all() {
      return (all.all() as { id: string; body: string }[]).map(({ id, body }) => {
        const record = readBody(file, table, id, body, schema);
        if (idOf(record) === id) return record;
        throw damagedRow(file, table, id, 'its content belongs to another row');
      });
    },
  };
}

/** The one row of facts about the whole. */
export function metaTable(db: Database.Database, file: string) {
  const put = db.prepare(
    'insert into meta (id, body) values (1, ?) on conflict (id) do update set body = excluded.body',
  );
  const get = db.prepare('select body from meta where id = 1').pluck();
  return {
    put(meta: Meta): void {
      put.run(JSON.stringify(meta));
    },
    get(): Meta | null {
      const body = get.get() as string | undefined;
      return body === undefined ? null : readBody(file, 'meta', '1', body, metaSchema);
    },
  };
}

/**
 * A stored JSON body as its record.
 *
 * @throws StoreError naming table and row when it is not one.
 */
export function readBody<S extends z.ZodType>(
  file: string,
  table: string,
  id: string,
  body: string,
  schema: S,
): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (thrown) {
    throw damagedRow(file, table, id, messageOf(thrown));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damagedRow(file, table, id, z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
}

/** @returns a StoreError that names the row. */
export function damagedRow(file: string, table: string, id: string, detail: string) {
  return storeError('STORE_DAMAGED', file, `table ${table}, row ${id.slice(0, 200)}: ${detail}`);
}
