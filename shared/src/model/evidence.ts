/** What is known of (verifier, key), strongest first. */
export const GRADES = ['verified', 'present', 'served', 'fetchable', 'attested', 'timed'] as const;

export type Grade = (typeof GRADES)[number];

/** Why nothing positive is known. */
export type NegativeGrade = 'absent' | 'stale' | 'silent' | 'never_seen';

/** True when `grade` is at least as strong as `required`. */
export function isAtLeast(grade: Grade, required: Grade): boolean {
  return GRADES.indexOf(grade) <= GRADES.indexOf(required);
}
