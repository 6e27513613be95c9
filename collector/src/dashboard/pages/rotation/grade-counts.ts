import type { CountsView } from '../../../api/schemas/verdict.ts';

/** Strongest evidence first, then what speaks against, then who says nothing. */
const ORDER = [
  ['verified', 'accepted a token of the new key'],
  ['present', 'key seen in its live key set'],
  ['served', 'its last document held the key'],
  ['fetchable', 'fetches it when it meets it'],
  ['attested', 'a person vouches'],
  ['timed', 'only time speaks for it'],
  ['stale', 'key set too old to tell'],
  ['absent', 'does not hold the new key'],
  ['silent', 'stopped reporting'],
  ['never_seen', 'declared, never heard of'],
] as const;

/** What each grade says of a verifier and the new key. */
export const GRADE_MEANINGS: Readonly<Record<string, string>> = Object.fromEntries(ORDER);

export interface GradeShare {
  readonly grade: string;
  /** Fit for a class name: never text from outside. */
  readonly look: (typeof ORDER)[number][0] | 'other';
  readonly meaning: string;
  readonly count: number;
  /** Of all there should be, from 0 to 1. */
  readonly share: number;
}

export interface GradeShares {
  readonly expected: number;
  readonly satisfied: number;
  /** Those that are there, strongest evidence first; they add up to `expected`. */
  readonly shares: readonly GradeShare[];
}

/** Verifiers by what is known of them and the new key, as shares of all there should be. */
export function gradeShares(counts: CountsView): GradeShares {
  const known = new Set<string>(ORDER.map(([grade]) => grade));
  const sum = Object.values(counts.by_grade).reduce((total, count) => total + count, 0);
  const expected = Math.max(counts.expected, sum);
  const rows: Omit<GradeShare, 'share'>[] = ORDER.map(([grade, meaning]) => ({
    grade: grade.replace('_', ' '),
    look: grade,
    meaning,
    count: counts.by_grade[grade] ?? 0,
  }));
  for (const [grade, count] of Object.entries(counts.by_grade)) {
    if (!known.has(grade)) rows.push({ grade, look: 'other', meaning: '', count });
  }
  rows.push({
    grade: 'no grade',
    look: 'other',
    meaning: 'judged by a word or by time, or not heard of',
    count: expected - sum,
  });
  const shares = rows.filter(({ count }) => count > 0);
  return {
    expected,
    satisfied: counts.satisfied,
    shares: shares.map((row) => ({ ...row, share: expected === 0 ? 0 : row.count / expected })),
  };
}
