import { isAttributable, type Outcome, OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import type { KidBucket } from '../core/kid-bucket.ts';
import { openRotations } from '../core/rotation.ts';
import type { State } from '../core/state.ts';
import { type VerificationCounts, verificationKey } from '../core/verification-counts.ts';
import { reading, type Reading } from './reading.ts';

/** What an alert may be about, there from the start: a series that begins at 1 shows no increase. */
const AWAITED: readonly Outcome[] = OUTCOMES.filter(
  (outcome) => outcome === 'ok' || isAttributable(outcome),
);

/** Everything counted, and zeros for what matters and did not happen yet. */
export function* verificationReadings(state: Readonly<State>): Iterable<Reading> {
  const awaited = awaitedCounts(state);
  for (const [key, counts] of state.verifications) {
    if (!awaited.has(key)) yield* readingsOf(counts, []);
  }
  for (const [key, none] of awaited) {
    yield* readingsOf(state.verifications.get(key) ?? none, AWAITED);
  }
}

/** Declared services, and the kids that a rotation of theirs is about while there is one. */
function awaitedCounts(state: Readonly<State>): ReadonlyMap<string, VerificationCounts> {
  const rotating = new Set(openRotations(state).map((rotation) => rotation.issuer));
  const counts = new Map<string, VerificationCounts>();
  for (const { name: service, issuers } of state.policy.services.values()) {
    for (const issuer of issuers) {
      const buckets: readonly KidBucket[] = rotating.has(issuer)
        ? ['next', 'active', 'retired']
        : ['active'];
      for (const bucket of buckets) {
        const none = { issuer, service, bucket, outcomes: {} };
        counts.set(verificationKey(issuer, service, bucket), none);
      }
    }
  }
  return counts;
}

function readingsOf(
  { issuer, service, bucket, outcomes }: VerificationCounts,
  awaited: readonly Outcome[],
): Reading[] {
  const counted = Object.keys(outcomes) as Outcome[];
  return [...new Set([...awaited, ...counted])].map((outcome) =>
    reading('verifications', outcomes[outcome] ?? 0, {
      'keyturn.issuer': issuer,
      'keyturn.service': service,
      'keyturn.kid.bucket': bucket,
      ...(outcome === 'ok' ? {} : { 'error.type': outcome }),
    }),
  );
}
