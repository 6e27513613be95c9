import type { Compare } from './order.ts';
import type { Held, RowChange } from './row-store.ts';
import type { VerifierRow } from './verifier-row.ts';

/**
 * The rows that match, in order, kept so while rows change: what did not move costs nothing but its
 * comparison, what moved is merged in, and nothing is sorted anew.
 */
export class OrderedRows {
  readonly #matches: (row: VerifierRow) => boolean;
  readonly #compare: Compare;
  readonly #shown = new Set<Held>();
  #rows: Held[];

  constructor(all: Iterable<Held>, matches: (row: VerifierRow) => boolean, compare: Compare) {
    this.#matches = matches;
    this.#compare = compare;
    for (const held of all) if (matches(held.row)) this.#shown.add(held);
    this.#rows = [...this.#shown].sort((a, b) => compare(a.row, b.row));
  }

  /** Another list whenever something moved. */
  get rows(): readonly Held[] {
    return this.#rows;
  }

  /** Where a row is; -1: it is not shown. */
  indexOf(row: VerifierRow): number {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#compare(this.#rows[middle]?.row ?? row, row);
      if (found === 0) return middle;
      if (found < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Follows the changes of an answer; true when another list came of it. */
  apply(changes: readonly RowChange[]): boolean {
    const moved = new Set<Held>();
    let leaving = false;
    for (const { held, before, after } of changes) {
      const wasShown = this.#shown.has(held);
      const isShown = after !== null && this.#matches(after);
      if (wasShown && isShown && before !== null && this.#compare(before, after) === 0) continue;
      if (wasShown) leaving = true;
      if (isShown) this.#shown.add(held);
      else this.#shown.delete(held);
      if (wasShown || isShown) moved.add(held);
    }
    if (moved.size === 0) return false;
    const staying = leaving ? this.#rows.filter((held) => !moved.has(held)) : this.#rows;
    const coming = [...moved].filter((held) => this.#shown.has(held));
    coming.sort((a, b) => this.#compare(a.row, b.row));
    this.#rows = merged(staying, coming, this.#compare);
    return true;
  }
}

function merged(a: readonly Held[], b: readonly Held[], compare: Compare): Held[] {
  const result: Held[] = [];
  let at = 0;
  for (const held of a) {
    for (let next = b[at]; next !== undefined && compare(next.row, held.row) < 0; next = b[at]) {
      result.push(next);
      at += 1;
    }
    result.push(held);
  }
  for (; at < b.length; at += 1) {
    const rest = b[at];
    if (rest !== undefined) result.push(rest);
  }
  return result;
}
