import { CALM_FOR_MS } from './parameters.ts';

const CELLS = 10;
const CELL_MS = CALM_FOR_MS / CELLS;

/** Failures and tokens of the last five minutes, in cells of thirty seconds; only while it matters. */
export interface Recent {
  latestCell: number;
  readonly cells: Float64Array;
}

export interface RecentSum {
  readonly failures: number;
  readonly tokens: number;
}

export function emptyRecent(nowMs: number): Recent {
  return { latestCell: Math.floor(nowMs / CELL_MS), cells: new Float64Array(CELLS * 2) };
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
  const cell = Math.floor(nowMs / CELL_MS);
  const from = Math.max(recent.latestCell + 1, cell - CELLS + 1);
  for (let gone = from; gone <= cell; gone += 1) {
    recent.cells.fill(0, (gone % CELLS) * 2, (gone % CELLS) * 2 + 2);
  }
  recent.latestCell = Math.max(recent.latestCell, cell);
}
