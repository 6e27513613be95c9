import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { CountKey, KidCounts } from '@keyturn/shared/model/report.ts';
import type { BootCounts, CarriedCounts, HeldCounts, VerifierRecord } from './records.ts';

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
    return `counts: expected at most ${COUNT_ROWS_MAX} rows of one process, got ${rows.length}`;
  }
  return rows;
}

function shrunkOutcome(previous: HeldCounts, row: KidCounts): string | undefined {
  for (const outcome of Object.keys(previous.outcomes) as Outcome[]) {
    const had = previous.outcomes[outcome] ?? 0;
    const has = row.outcomes[outcome] ?? 0;
    if (has < had) {
      return `counts.${outcome}: expected at least ${had} as reported before, got ${has}`;
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
        : later(previous?.lastAcceptedAtMs ?? null, lastAcceptedAtMs),
  };
}

function later(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

/** Processes kept apart, so that two that fight over one identity are not counted anew each time. */
const OTHER_BOOTS_MAX = 2;

/** What is already counted of a verifier when a process takes it over. */
export interface CountsBefore {
  readonly counts: readonly HeldCounts[];
  readonly otherBoots: readonly BootCounts[];
  readonly carried: readonly CarriedCounts[];
}

/** Rows of an issuer and key as they add up to totals. */
export type OutcomeRow = CarriedCounts;

/**
 * Counts to start the next epoch of a verifier with. A process known from before goes on from what
 * was counted of it; the oldest others are folded together, kids that `isKnown` by name.
 */
export function countsFor(
  record: VerifierRecord,
  bootId: string,
  isKnown: (issuer: string, kid: string) => boolean,
): CountsBefore {
  const boots = [{ bootId: record.bootId, counts: record.counts }, ...record.otherBoots];
  const others = boots.filter((boot) => boot.bootId !== bootId && boot.counts.length > 0);
  return {
    counts: boots.find((boot) => boot.bootId === bootId)?.counts ?? [],
    otherBoots: others.slice(0, OTHER_BOOTS_MAX),
    carried: carry(
      record.carried,
      others.slice(OTHER_BOOTS_MAX).flatMap((boot) => boot.counts),
      isKnown,
    ),
  };
}

/** Everything that was ever counted of a verifier that is still known. */
export function* countedRows(record: VerifierRecord): Iterable<OutcomeRow> {
  yield* record.counts;
  for (const boot of record.otherBoots) yield* boot.counts;
  yield* record.carried;
}

/** Adds rows to carried totals, within `COUNT_ROWS_MAX`: kids beyond it go on together as `other`. */
export function carry(
  carried: readonly CarriedCounts[],
  rows: readonly OutcomeRow[],
  isKnown: (issuer: string, kid: string) => boolean,
): readonly CarriedCounts[] {
  const sums = new Map<string, CarriedCounts>();
  for (const { issuer, key, outcomes } of [...carried, ...rows]) addTo(sums, issuer, key, outcomes);
  if (sums.size <= COUNT_ROWS_MAX) return [...sums.values()];
  const rank = ({ issuer, key }: CarriedCounts): number => {
    if (key.kind !== 'kid') return 0;
    return isKnown(issuer, key.kid) ? 1 : 2;
  };
  const ranked = [...sums.values()].sort((a, b) => rank(a) - rank(b));
  const kept = new Map<string, CarriedCounts>();
  const issuer = ranked[0]?.issuer ?? '';
  for (const [at, row] of ranked.entries()) {
    if (at < COUNT_ROWS_MAX - 1) addTo(kept, row.issuer, row.key, row.outcomes);
    else addTo(kept, issuer, { kind: 'other' }, row.outcomes);
  }
  return [...kept.values()];
}

function addTo(
  sums: Map<string, CarriedCounts>,
  issuer: string,
  key: CountKey,
  outcomes: OutcomeRow['outcomes'],
): void {
  const identity = JSON.stringify([issuer, key]);
  const before = sums.get(identity);
  sums.set(identity, { issuer, key, outcomes: addOutcomes(before?.outcomes ?? {}, outcomes) });
}

function addOutcomes(
  a: Readonly<Partial<Record<Outcome, number>>>,
  b: Readonly<Partial<Record<Outcome, number>>>,
): Partial<Record<Outcome, number>> {
  const sum: Partial<Record<Outcome, number>> = { ...a };
  for (const outcome of Object.keys(b) as Outcome[]) {
    sum[outcome] = addCounts(sum[outcome] ?? 0, b[outcome] ?? 0);
  }
  return sum;
}

/** The sum of what reporters claim, within the integers that the store takes back. */
export function addCounts(a: number, b: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, a + b);
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
