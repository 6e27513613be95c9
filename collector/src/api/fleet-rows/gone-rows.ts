/** Rows that are no more, of which readers have to be told. */
const KEPT_MAX = 20_000;

/** Numbers of rows that went, with the version they went in. Bounded: older ones are let go. */
export class GoneRows {
  #rows: { readonly id: number; readonly version: number }[] = [];
  /** Readers of an earlier version have to start anew. */
  completeFrom = 0;

  add(id: number, version: number): void {
    this.#rows.push({ id, version });
    if (this.#rows.length <= KEPT_MAX) return;
    this.#rows = this.#rows.slice(KEPT_MAX / 2);
    this.completeFrom = this.#rows[0]?.version ?? version;
  }

  since(version: number): readonly number[] {
    return this.#rows.filter((row) => row.version > version).map(({ id }) => id);
  }
}
