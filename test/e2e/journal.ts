import { existsSync, readFileSync } from 'node:fs';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { AckResult, CountKey } from '@keyturn/shared/model/report.ts';
import type { AgentEvent } from '@keyturn/agent';

/** Verifications by `kid outcome`. */
export type Totals = Readonly<Record<string, number>>;

/** One line an agent process wrote about itself. */
export type JournalLine =
  | { readonly kind: 'counting'; readonly kid: string | null; readonly outcome: Outcome }
  | {
      readonly kind: 'acked';
      readonly epoch: number;
      readonly seq: number;
      readonly result: AckResult;
      /** What the acked report said. */
      readonly totals: Totals;
    }
  | { readonly kind: 'event'; readonly event: AgentEvent }
  | { readonly kind: 'closed' };

/** What is known of one agent process: the truth lies between acked and counted. */
export interface Journal {
  /** At least this was counted by the time a report could hold it. */
  readonly counted: Totals;
  /** The collector said it has committed this. */
  readonly acked: Totals;
  readonly acks: number;
  /** Epochs of acked reports, in the order they came. */
  readonly epochs: readonly number[];
  readonly events: readonly AgentEvent[];
  readonly closed: boolean;
}

const IS_COMMITTED: Readonly<Record<AckResult, boolean>> = {
  applied: true,
  ignored: true,
  superseded: false,
  rejected: false,
};

/** Reads a journal; a last line cut short by kill -9 is left out. */
export function readJournal(file: string): Journal {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalLine);
  const counted: Record<string, number> = {};
  let acked: Totals = {};
  let acks = 0;
  const epochs = new Set<number>();
  const events: AgentEvent[] = [];
  let closed = false;
  for (const line of lines) {
    switch (line.kind) {
      case 'counting':
        add(counted, rowName(line.kid, line.outcome), 1);
        break;
      case 'acked':
        if (!IS_COMMITTED[line.result]) break;
        acks += 1;
        epochs.add(line.epoch);
        acked = greatest(acked, line.totals);
        break;
      case 'event':
        events.push(line.event);
        break;
      case 'closed':
        closed = true;
        break;
    }
  }
  return { counted, acked, acks, epochs: [...epochs], events, closed };
}

/** Rows of a report or of a stored record as totals. */
export function totalsOf(
  rows: readonly {
    readonly key: CountKey;
    readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  }[],
): Totals {
  const totals: Record<string, number> = {};
  for (const { key, outcomes } of rows) {
    for (const [outcome, count] of Object.entries(outcomes)) {
      const kid = key.kind === 'kid' ? key.kid : key.kind === 'none' ? null : '*';
      add(totals, rowName(kid, outcome as Outcome), count);
    }
  }
  return totals;
}

export function sum(all: readonly Totals[]): Totals {
  const totals: Record<string, number> = {};
  for (const each of all)
    for (const [name, count] of Object.entries(each)) add(totals, name, count);
  return totals;
}

/** Rows in which `less` exceeds `more`, as sentences. */
export function excess(less: Totals, more: Totals): readonly string[] {
  return Object.entries(less).flatMap(([name, count]) =>
    count > (more[name] ?? 0) ? [`${name}: ${count} > ${more[name] ?? 0}`] : [],
  );
}

function greatest(a: Totals, b: Totals): Totals {
  const totals: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) {
    totals[name] = Math.max(totals[name] ?? 0, count);
  }
  return totals;
}

function rowName(kid: string | null, outcome: Outcome): string {
  return `${kid ?? '(none)'} ${outcome}`;
}

function add(totals: Record<string, number>, name: string, count: number): void {
  totals[name] = (totals[name] ?? 0) + count;
}
