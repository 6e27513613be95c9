import { ID_LIMITS, textProblem } from '@keyturn/shared/model/ids.ts';
import type { Row } from './row.ts';
import { createRow } from './row.ts';

/** Bounds shared by all issuers of one ledger. */
export interface KidTableLimits {
  /** Rows with a kid that are reported. */
  readonly rowsMax: number;
  /** Kids that no set held and nobody watched, per issuer: first come, first kept. */
  readonly strangersPerIssuer: number;
  /** Rows taken out of the report to make room, kept in memory. */
  readonly parkedMax: number;
}

/** The rows of one issuer. */
export interface IssuerRows {
  readonly issuer: string;
  readonly byKid: Map<string, Row>;
  /**
   * Rows that had to make room. Their totals stand still and their tokens count as `other`, until
   * the kid is wanted again: then the row comes back with what it had, so no total ever goes down
   * and no token is counted in two rows.
   */
  readonly parked: Map<string, Row>;
  readonly none: Row;
  readonly other: Row;
  held: ReadonlySet<string>;
  watched: ReadonlySet<string>;
  strangers: number;
}

export function createIssuerRows(issuer: string): IssuerRows {
  return {
    issuer,
    byKid: new Map(),
    parked: new Map(),
    none: createRow({ kind: 'none' }),
    other: createRow({ kind: 'other' }),
    held: new Set(),
    watched: new Set(),
    strangers: 0,
  };
}

/** Decides which kids get a row of their own. Bounded whatever tokens come. */
export class KidTable {
  readonly #limits: KidTableLimits;
  readonly #issuers: readonly IssuerRows[];
  #rows = 0;
  #parked = 0;
  #full = false;
  /** Tokens of wanted kids that had to count as `other`. */
  refused = 0;

  constructor(issuers: readonly IssuerRows[], limits: KidTableLimits) {
    this.#issuers = issuers;
    this.#limits = limits;
  }

  get parked(): number {
    return this.#parked;
  }

  /** The row for a kid that has none. Off the hot path, except for kids that stay `other`. */
  admit(rows: IssuerRows, kid: string, revision: number): Row {
    if (kid.length > ID_LIMITS.kidBytes) return rows.other;
    if (rows.held.has(kid) || rows.watched.has(kid)) return this.#admitWanted(rows, kid, revision);
    if (rows.strangers >= this.#limits.strangersPerIssuer) return rows.other;
    if (this.#rows >= this.#limits.rowsMax || rows.parked.has(kid)) return rows.other;
    if (textProblem(kid, ID_LIMITS.kidBytes) !== undefined) return rows.other;
    rows.strangers += 1;
    return this.#insert(rows, createRow({ kind: 'kid', kid: ownedCopy(kid) }), 0);
  }

  /** To be called after held or watched kids changed. */
  wantedChanged(revision: number): void {
    this.#full = false;
    for (const rows of this.#issuers) {
      for (const [kid, row] of rows.byKid) {
        if (rows.held.has(kid) || rows.watched.has(kid)) row.wantedAtRevision = revision;
      }
    }
  }

  #admitWanted(rows: IssuerRows, kid: string, revision: number): Row {
    if (this.#rows >= this.#limits.rowsMax && !this.#makeRoom()) {
      this.refused += 1;
      return rows.other;
    }
    const parked = rows.parked.get(kid);
    if (parked === undefined) {
      return this.#insert(rows, createRow({ kind: 'kid', kid: ownedCopy(kid) }), revision);
    }
    rows.parked.delete(kid);
    this.#parked -= 1;
    return this.#insert(rows, parked, revision);
  }

  #insert(rows: IssuerRows, row: Row, revision: number): Row {
    if (row.key.kind !== 'kid') return row;
    row.wantedAtRevision = revision;
    rows.byKid.set(row.key.kid, row);
    this.#rows += 1;
    return row;
  }

  #makeRoom(): boolean {
    if (this.#full || this.#parked >= this.#limits.parkedMax) return false;
    const victim = this.#leastWanted();
    if (victim === undefined) {
      this.#full = true;
      return false;
    }
    victim.rows.byKid.delete(victim.kid);
    victim.rows.parked.set(victim.kid, victim.row);
    this.#rows -= 1;
    this.#parked += 1;
    return true;
  }

  #leastWanted(): { rows: IssuerRows; kid: string; row: Row } | undefined {
    let least: { rows: IssuerRows; kid: string; row: Row } | undefined;
    for (const rows of this.#issuers) {
      for (const [kid, row] of rows.byKid) {
        if (rows.held.has(kid) || rows.watched.has(kid)) continue;
        if (least === undefined || row.wantedAtRevision < least.row.wantedAtRevision) {
          least = { rows, kid, row };
        }
      }
    }
    return least;
  }
}

// A kid cut out of a token may share the token's memory; a kept row must not keep the token.
function ownedCopy(kid: string): string {
  return Buffer.from(kid, 'utf8').toString('utf8');
}
