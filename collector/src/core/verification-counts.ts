import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import type { OutcomeRow } from './counts.ts';
import { addCounts } from './counts.ts';
import type { Verifier } from './fleet.ts';
import { kidBucket, type KidBucket } from './kid-bucket.ts';
import type { State } from './state.ts';

/** Stands for every issuer and service that nobody declared, so that reporters add no series. */
export const UNDECLARED = 'undeclared';

/** Verifications that were reported since the collector started; they only grow. */
export interface VerificationCount {
  /** A configured issuer, or `undeclared`. */
  readonly issuer: string;
  /** A declared service, or `undeclared`. */
  readonly service: string;
  readonly bucket: KidBucket;
  readonly outcome: Outcome;
  count: number;
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
  const issuer = state.policy.issuers.has(row.issuer) ? row.issuer : UNDECLARED;
  const { service: name } = verifier.record.id;
  const service = state.policy.services.has(name) ? name : UNDECLARED;
  const bucket = kidBucket(state, row.issuer, row.key);
  for (const outcome of Object.keys(row.outcomes) as Outcome[]) {
    const more = (row.outcomes[outcome] ?? 0) - (previous?.outcomes[outcome] ?? 0);
    if (more > 0) add(state, { issuer, service, bucket, outcome, count: more });
  }
}

/** What tells one count from the others. */
export function verificationKey(of: Omit<VerificationCount, 'count'>): string {
  return [of.issuer, of.service, of.bucket, of.outcome].join('\u0000');
}

function add(state: State, more: VerificationCount): void {
  const key = verificationKey(more);
  const kept = state.verifications.get(key);
  if (kept === undefined) state.verifications.set(key, more);
  else kept.count = addCounts(kept.count, more.count);
}
