import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { CountKey, KidCounts } from '@keyturn/shared/model/report.ts';
import type { CarriedCounts, HeldCounts, VerifierRecord } from './records.ts';

/** Rows of counts kept per verifier; a report that would exceed it is refused. */
export const COUNT_ROWS_MAX = 512;

/** The rows after a report, or a sentence saying which count went back. */
export function mergeCounts(
  held: readonly HeldCounts[],
  reported: readonly KidCounts[],
  nowMs: number,
): readonly HeldCounts[] | string {
  const rows: HeldCounts[] = [];
  for (const row of reported) {
    const previous = findRow(held, row.issuer, row.key);
    const shrunk = previous === undefined ? undefined : shrunkOutcome(previous, row);
    if (shrunk !== undefined) return shrunk;
    rows.push(heldCounts(row, previous, nowMs));
  }
  // Rows the agent no longer sends stay as they were: their totals are part of this epoch.
  for (const row of held) {
    if (findRow(rows, row.issuer, row.key) === undefined) rows.push(row);
  }
  if (rows.length > COUNT_ROWS_MAX) {
    return `counts: expected at most ${COUNT_ROWS_MAX} rows in one epoch, got ${rows.length}`;
  }
  return rows;
}

function shrunkOutcome(previous: HeldCounts, row: KidCounts): string | undefined {
  for (const outcome of Object.keys(previous.outcomes) as Outcome[]) {
    const had = previous.outcomes[outcome] ?? 0;
    const has = row.outcomes[outcome] ?? 0;
    if (has < had) {
      return `counts.${outcome}: expected at least ${had} as reported before in this epoch, got ${has}`;
    }
  }
  return undefined;
}

function heldCounts(row: KidCounts, previous: HeldCounts | undefined, nowMs: number): HeldCounts {
  const lastAcceptedAtMs = row.lastAcceptedAgeMs === null ? null : nowMs - row.lastAcceptedAgeMs;
  return {
    issuer: row.issuer,
    key: row.key,
    outcomes: row.outcomes,
    highestIatS: row.highestIat,
    highestExpS: row.highestExp,
    longestLifetimeS: row.longestLifetimeS,
    acceptedWithoutExp: row.acceptedWithoutExp,
    acceptedWithoutIat: row.acceptedWithoutIat,
    // Jitter in transit must not make the same acceptance look later than it was first dated.
    lastAcceptedAtMs:
      previous !== undefined && previous.outcomes.ok === row.outcomes.ok
        ? previous.lastAcceptedAtMs
        : lastAcceptedAtMs,
  };
}

/** Outcome totals of all epochs up to and including this record's. */
export function carry(record: VerifierRecord): readonly CarriedCounts[] {
  const carried = [...record.carried];
  for (const row of record.counts) {
    const at = carried.findIndex((c) => c.issuer === row.issuer && sameKey(c.key, row.key));
    const before = at === -1 ? undefined : carried[at];
    const sum: CarriedCounts = {
      issuer: row.issuer,
      // Kids beyond the bound go on together, so that restarts cannot grow the record.
      key: before === undefined && carried.length >= COUNT_ROWS_MAX ? { kind: 'other' } : row.key,
      outcomes: addOutcomes(before?.outcomes ?? {}, row.outcomes),
    };
    if (at === -1) carried.push(sum);
    else carried[at] = sum;
  }
  return carried.length > COUNT_ROWS_MAX ? foldTail(carried) : carried;
}

function foldTail(rows: readonly CarriedCounts[]): readonly CarriedCounts[] {
  const kept = rows.slice(0, COUNT_ROWS_MAX - 1);
  const tail = rows.slice(COUNT_ROWS_MAX - 1);
  const issuer = tail[0]?.issuer ?? '';
  const outcomes = tail.reduce((sum, row) => addOutcomes(sum, row.outcomes), {});
  return [...kept, { issuer, key: { kind: 'other' }, outcomes }];
}

function addOutcomes(
  a: Readonly<Partial<Record<Outcome, number>>>,
  b: Readonly<Partial<Record<Outcome, number>>>,
): Partial<Record<Outcome, number>> {
  const sum: Partial<Record<Outcome, number>> = { ...a };
  for (const outcome of Object.keys(b) as Outcome[]) {
    sum[outcome] = (sum[outcome] ?? 0) + (b[outcome] ?? 0);
  }
  return sum;
}

/** The row of this issuer and key. */
export function findRow<T extends { readonly issuer: string; readonly key: CountKey }>(
  rows: readonly T[],
  issuer: string,
  key: CountKey,
): T | undefined {
  return rows.find((row) => row.issuer === issuer && sameKey(row.key, key));
}

function sameKey(a: CountKey, b: CountKey): boolean {
  if (a.kind !== b.kind) return false;
  return a.kind !== 'kid' || (b.kind === 'kid' && a.kid === b.kid);
}
