import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { OutcomeRow } from './counts.ts';
import { addCounts } from './counts.ts';
import type { Verifier } from './fleet.ts';
import { kidBucket, type KidBucket } from './kid-bucket.ts';
import type { State } from './state.ts';

/** Stands for every issuer and service that nobody declared, so that reporters add no series. */
export const UNDECLARED = 'undeclared';

/** Verifications that were reported since the collector started; they only grow. */
export interface VerificationCounts {
  /** A configured issuer, or `undeclared`. */
  readonly issuer: string;
  /** A declared service, or `undeclared`. */
  readonly service: string;
  readonly bucket: KidBucket;
  readonly outcomes: Partial<Record<Outcome, number>>;
}

/**
 * Counts what a newer row of a verifier adds, under what its kid is at this moment: a kid that moves
 * on to another bucket takes nothing along.
 */
export function countVerifications(
  state: State,
  verifier: Verifier,
  row: OutcomeRow,
  previous: OutcomeRow | undefined,
): void {
  const outcomes = countsOf(state, verifier, row).outcomes;
  for (const outcome of Object.keys(row.outcomes) as Outcome[]) {
    const more = (row.outcomes[outcome] ?? 0) - (previous?.outcomes[outcome] ?? 0);
    if (more > 0) outcomes[outcome] = addCounts(outcomes[outcome] ?? 0, more);
  }
}

/** What tells one set of counts from the others. */
export function verificationKey(issuer: string, service: string, bucket: KidBucket): string {
  return `${issuer}\u0000${service}\u0000${bucket}`;
}

function countsOf(state: State, verifier: Verifier, row: OutcomeRow): VerificationCounts {
  const issuer = state.policy.issuers.has(row.issuer) ? row.issuer : UNDECLARED;
  const { service: name } = verifier.record.id;
  const service = state.policy.services.has(name) ? name : UNDECLARED;
  const bucket = kidBucket(state, row.issuer, row.key);
  const key = verificationKey(issuer, service, bucket);
  let counts = state.verifications.get(key);
  if (counts === undefined) {
    counts = { issuer, service, bucket, outcomes: {} };
    state.verifications.set(key, counts);
  }
  return counts;
}
