const CELLS = 10;

/** Failures and tokens of the time that has to be calm, in tenths of it; only while it matters. */
export interface Recent {
  readonly cellMs: number;
  latestCell: number;
  readonly cells: Float64Array;
}

export interface RecentSum {
  readonly failures: number;
  readonly tokens: number;
}

export function emptyRecent(calmForMs: number, nowMs: number): Recent {
  const cellMs = calmForMs / CELLS;
  return { cellMs, latestCell: Math.floor(nowMs / cellMs), cells: new Float64Array(CELLS * 2) };
}

export function addRecent(recent: Recent, failures: number, tokens: number, nowMs: number): void {
  turn(recent, nowMs);
  const at = (recent.latestCell % CELLS) * 2;
  recent.cells[at] = (recent.cells[at] ?? 0) + failures;
  recent.cells[at + 1] = (recent.cells[at + 1] ?? 0) + tokens;
}

export function sumRecent(recent: Recent, nowMs: number): RecentSum {
  turn(recent, nowMs);
  let failures = 0;
  let tokens = 0;
  for (let at = 0; at < CELLS * 2; at += 2) {
    failures += recent.cells[at] ?? 0;
    tokens += recent.cells[at + 1] ?? 0;
  }
  return { failures, tokens };
}

function turn(recent: Recent, nowMs: number): void {
  const cell = Math.floor(nowMs / recent.cellMs);
  const from = Math.max(recent.latestCell + 1, cell - CELLS + 1);
  for (let gone = from; gone <= cell; gone += 1) {
    recent.cells.fill(0, (gone % CELLS) * 2, (gone % CELLS) * 2 + 2);
  }
  recent.latestCell = Math.max(recent.latestCell, cell);
}
