import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { findRow } from '../core/counts.ts';
import type { HeldCounts, VerifierRecord } from '../core/records.ts';

/** What a newer record of a verifier counted beyond the one before. */
export interface CountDifference {
  readonly issuer: string;
  readonly key: HeldCounts['key'];
  readonly outcome: Outcome;
  readonly count: number;
  /** It went on from a count before, so that it is of the whole time in between. */
  readonly goesOn: boolean;
}

const NONE: readonly HeldCounts[] = [];

/** Calls back for every count that grew. `before` undefined: nothing was known of the verifier. */
export function eachDifference(
  before: VerifierRecord | undefined,
  after: VerifierRecord,
  found: (difference: CountDifference) => void,
): void {
  const rows = rowsBefore(before, after.bootId);
  for (const [at, row] of after.counts.entries()) {
    const aligned = rows[at];
    if (aligned === row) continue;
    const previous = isSame(aligned, row) ? aligned : findRow(rows, row.issuer, row.key);
    if (previous !== row) differences(previous, row, found);
  }
}

function differences(
  previous: HeldCounts | undefined,
  row: HeldCounts,
  found: (difference: CountDifference) => void,
): void {
  const outcomes = Object.keys(row.outcomes) as Outcome[];
  // Within one process counts only grow, so what shrank is counted from zero again.
  const isAnew = outcomes.some((each) => (row.outcomes[each] ?? 0) < had(previous, each));
  for (const outcome of outcomes) {
    const hadBefore = isAnew ? 0 : had(previous, outcome);
    const count = (row.outcomes[outcome] ?? 0) - hadBefore;
    if (count <= 0) continue;
    found({ issuer: row.issuer, key: row.key, outcome, count, goesOn: hadBefore > 0 });
  }
}

/** Of the same process: another one under the name counts from its own start. */
function rowsBefore(before: VerifierRecord | undefined, bootId: string): readonly HeldCounts[] {
  if (before === undefined) return NONE;
  if (before.bootId === bootId) return before.counts;
  return before.otherBoots.find((boot) => boot.bootId === bootId)?.counts ?? NONE;
}

function isSame(aligned: HeldCounts | undefined, { issuer, key }: HeldCounts): boolean {
  if (aligned === undefined || aligned.issuer !== issuer) return false;
  if (aligned.key.kind !== key.kind) return false;
  return key.kind !== 'kid' || (aligned.key.kind === 'kid' && aligned.key.kid === key.kid);
}

function had(row: HeldCounts | undefined, outcome: Outcome): number {
  return row?.outcomes[outcome] ?? 0;
}
