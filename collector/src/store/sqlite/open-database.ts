import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from '../migrations/migrations.ts';
import { asStoreError, storeError } from './failure.ts';
import { preparePlace } from './place.ts';

/** Default bounds; see `openSqliteStore`. */
const LOCK_WAIT_MS = 2_000;
const CHECKPOINT_PAGES = 20_000;
const CHECKED_WHOLE_BYTES_MAX = 512 * 1_024 * 1_024;

export interface DatabaseOptions {
  /** How long to wait at start for another process to let go; 2 s by default. */
  readonly lockWaitMs?: number;
  /** WAL pages of 4 KiB before a commit also checkpoints; 20,000 (80 MB) by default. */
  readonly checkpointPages?: number;
  /** Upper bound of the file in pages of 4 KiB; none by default. */
  readonly pagesMax?: number;
  /** Files up to this size are checked whole at start; 512 MiB by default. */
  readonly checkedWholeBytesMax?: number;
}

/**
 * Opens the database at `file`, locked for the life of this process, checked, and at the current
 * schema. A missing file is made; an unusable one is refused and left as it is.
 *
 * @throws StoreError
 */
export function openDatabase(file: string, options: DatabaseOptions = {}): Database.Database {
  preparePlace(file, freshDatabase);
  let db: Database.Database | undefined;
  try {
    const wholeBytes = existsSync(`${file}-wal`) ? null : statSync(file).size;
    db = new Database(file, {
      fileMustExist: true,
      timeout: options.lockWaitMs ?? LOCK_WAIT_MS,
    });
    // Set before the first read, so that no shared memory is used and the lock is taken at once and
    // kept: two collectors on one file would each undo the other's order of reports. The kernel
    // drops the lock with the process, however it dies.
    db.pragma('locking_mode = EXCLUSIVE');
    refuseForeign(db, file);
    refusePartialPage(db, file, wholeBytes);
    configure(db, options);
    check(db, file, options.checkedWholeBytesMax ?? CHECKED_WHOLE_BYTES_MAX);
    migrate(db);
    return db;
  } catch (thrown) {
    db?.close();
    throw asStoreError(thrown, file);
  }
}

function configure(db: Database.Database, options: DatabaseOptions): void {
  db.pragma('journal_mode = WAL');
  // An ack means committed, power loss included: a lost epoch would be given out twice, a lost
  // high-water mark would let `retire` open early. NORMAL survives kill -9 only. Group commit pays
  // one fdatasync (0.3 ms measured) per batch, not per report.
  db.pragma('synchronous = FULL');
  // At the default of 1,000 pages, checkpoints cost two thirds of the write rate at 1,000,000 rows.
  db.pragma(`wal_autocheckpoint = ${options.checkpointPages ?? CHECKPOINT_PAGES}`);
  db.pragma('temp_store = MEMORY');
  db.pragma('trusted_schema = OFF');
  if (options.pagesMax !== undefined) db.pragma(`max_page_count = ${options.pagesMax}`);
}

function refuseForeign(db: Database.Database, file: string): void {
  const applicationId = db.pragma('application_id', { simple: true }) as number;
  if (applicationId !== APPLICATION_ID) {
    throw storeError('STORE_FAILED', file, 'it is a database of another application');
  }
  const version = schemaVersion(db);
  if (version > SCHEMA_VERSION) {
    throw storeError(
      'STORE_NEWER',
      file,
      `schema ${version}, this one knows up to ${SCHEMA_VERSION}`,
    );
  }
}

/**
 * SQLite reads a missing tail as zeros. Pages are written whole, so without a log that will repair
 * it, a partial page means the file was cut.
 *
 * @param wholeBytes size before opening; null when there was a log.
 */
function refusePartialPage(db: Database.Database, file: string, wholeBytes: number | null): void {
  const pageBytes = db.pragma('page_size', { simple: true }) as number;
  if (wholeBytes !== null && wholeBytes % pageBytes !== 0) {
    throw storeError('STORE_DAMAGED', file, `it ends in mid-page, at byte ${wholeBytes}`);
  }
}

/**
 * A whole check reads every page, about 1 s per GB from cache. Larger files are mostly audit trail:
 * only the tables that `load` reads anyway are checked then, and SQLite refuses a short file itself.
 */
function check(db: Database.Database, file: string, wholeBytesMax: number): void {
  const pages = db.pragma('page_count', { simple: true }) as number;
  const pageBytes = db.pragma('page_size', { simple: true }) as number;
  const wanted = pages * pageBytes <= wholeBytesMax ? [''] : stateTables(db).map((t) => `('${t}')`);
  for (const table of wanted) {
    const finding = db.pragma(`quick_check${table}`, { simple: true });
    if (finding !== 'ok') throw storeError('STORE_DAMAGED', file, String(finding));
  }
}

function stateTables(db: Database.Database): readonly string[] {
  return db
    .prepare(
      "select name from sqlite_schema where type = 'table' and name not in ('audit', 'history', 'history_event')",
    )
    .pluck()
    .all() as string[];
}

/** All missing migrations or none. */
function migrate(db: Database.Database): void {
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(schemaVersion(db))) db.exec(sql);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}

function schemaVersion(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function freshDatabase(): Buffer {
  const db = new Database(':memory:');
  try {
    db.pragma(`application_id = ${APPLICATION_ID}`);
    migrate(db);
    const bytes = db.serialize();
    // Write and read version "WAL" (SQLite file format, section 1.3), so that the very first open
    // takes the lock at once; two first starts would otherwise hold each other up.
    bytes[18] = 2;
    bytes[19] = 2;
    return bytes;
  } finally {
    db.close();
  }
}
