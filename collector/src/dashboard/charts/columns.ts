/** Values over time by name, all in one step; null: nobody watched, or nothing could be said. */
export interface Columns {
  readonly stepS: number;
  /** Starts of the buckets, Unix seconds. */
  readonly at: readonly number[];
  /** Points from here on, Unix seconds, may still change. */
  readonly settledS: number;
  readonly values: ReadonlyMap<string, Column>;
}

export type Column = readonly (number | null)[];

/** What every chart of the API answers with. */
export interface Grid {
  readonly step_s: number;
  readonly at: readonly number[];
  readonly settled_until: number;
}

export function columnsOf(grid: Grid, values: Iterable<readonly [string, Column]>): Columns {
  return {
    stepS: grid.step_s,
    at: grid.at,
    settledS: grid.settled_until,
    values: new Map(values),
  };
}

/**
 * Puts a later piece in the place of the end of what is there, and lets go of what is before
 * `fromS`. Undefined where the two do not fit together: then all has to be asked for anew.
 */
export function mergeColumns(before: Columns, piece: Columns, fromS: number): Columns | undefined {
  const cutS = piece.at[0];
  if (cutS === undefined) return piece.stepS === before.stepS ? before : undefined;
  const lastS = before.at.at(-1);
  if (piece.stepS !== before.stepS || lastS === undefined) return undefined;
  // A hole between them would be drawn as a line.
  if (cutS > lastS + before.stepS || (cutS - lastS) % before.stepS !== 0) return undefined;
  const kept = before.at.flatMap((atS, index) => (atS >= fromS && atS < cutS ? [index] : []));
  const names = new Set([...before.values.keys(), ...piece.values.keys()]);
  const values = new Map<string, Column>();
  for (const name of names) {
    const old = before.values.get(name);
    const next = piece.values.get(name);
    values.set(name, [
      ...kept.map((index) => old?.[index] ?? null),
      ...piece.at.map((_, index) => next?.[index] ?? null),
    ]);
  }
  return {
    stepS: before.stepS,
    at: [...kept.map((index) => before.at[index] ?? 0), ...piece.at],
    settledS: piece.settledS,
    values,
  };
}

/** How many points, from the first on, will not change any more. */
export function settledCount({ at, settledS }: Columns): number {
  const first = at.findIndex((atS) => atS >= settledS);
  return first < 0 ? at.length : first;
}

/** Where reports still come in, nothing told yet is no zero. */
export function withoutEarlyZeros(columns: Columns): Columns {
  const settled = settledCount(columns);
  if (settled === columns.at.length) return columns;
  const values = new Map<string, Column>();
  for (const [name, column] of columns.values) {
    values.set(
      name,
      column.map((value, index) => (index >= settled && value === 0 ? null : value)),
    );
  }
  return { ...columns, values };
}

/** Point by point the sum of what there is; null where there is nothing. */
export function sumOf(columns: readonly Column[], length: number): Column {
  return Array.from({ length }, (_, index) => {
    let sum: number | null = null;
    for (const column of columns) {
      const value = column[index] ?? null;
      if (value !== null) sum = (sum ?? 0) + value;
    }
    return sum;
  });
}

/** Point by point `part` of `whole`, per cent; null where there is no whole. */
export function percentOf(part: Column, whole: Column): Column {
  return whole.map((all, index) => {
    const some = part[index] ?? null;
    return all === null || all <= 0 || some === null ? null : (100 * some) / all;
  });
}

/** The last that is known. */
export function latestOf(column: Column): number | null {
  return column.findLast((value) => value !== null) ?? null;
}

/** Whether anything is known at all. */
export function isBlank(column: Column): boolean {
  return column.every((value) => value === null);
}

/** What rates per second come to over all of the time that is known. */
export function totalOf(rates: Column, stepS: number): number {
  return Math.round(rates.reduce<number>((sum, rate) => sum + (rate ?? 0) * stepS, 0));
}
