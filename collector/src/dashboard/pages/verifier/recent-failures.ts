import type { VerifierHistoryView } from '../../../api/schemas/history.ts';

const MINUTE_S = 60;

/** Tokens refused lately in a way that a key can have caused; null: nobody can say. */
export function recentFailures(
  history: Pick<VerifierHistoryView, 'minutes'> | undefined,
  failed: boolean,
): number | null {
  if (history === undefined) return null;
  const { at, attributable } = history.minutes;
  // The present minute has only begun, so that the one before counts as well.
  const sinceS = (at.at(-1) ?? 0) - MINUTE_S;
  const count = attributable.reduce(
    (sum, failures, index) => ((at[index] ?? 0) < sinceS ? sum : sum + failures),
    0,
  );
  return failed && count === 0 ? null : count;
}
