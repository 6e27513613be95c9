import { isAttributable, type Outcome, OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import type { KidBucket } from '../core/kid-bucket.ts';
import { openRotations } from '../core/rotation.ts';
import type { State } from '../core/state.ts';
import { type VerificationCount, verificationKey } from '../core/verification-counts.ts';
import { reading, type Reading } from './reading.ts';

/** What an alert may be about, there from the start: a series that begins at 1 shows no increase. */
const AWAITED: readonly Outcome[] = OUTCOMES.filter(
  (outcome) => outcome === 'ok' || isAttributable(outcome),
);

/** Everything counted, and zeros for what matters and did not happen yet. */
export function* verificationReadings(state: Readonly<State>): Iterable<Reading> {
  for (const count of state.verifications.values()) yield readingOf(count);
  const rotating = new Set(openRotations(state).map((rotation) => rotation.issuer));
  for (const service of state.policy.services.values()) {
    for (const issuer of service.issuers) {
      const buckets: readonly KidBucket[] = rotating.has(issuer)
        ? ['next', 'active', 'retired']
        : ['active'];
      for (const bucket of buckets) {
        for (const outcome of AWAITED) {
          const none = { issuer, service: service.name, bucket, outcome, count: 0 };
          if (!state.verifications.has(verificationKey(none))) yield readingOf(none);
        }
      }
    }
  }
}

function readingOf({ issuer, service, bucket, outcome, count }: VerificationCount): Reading {
  return reading('verifications', count, {
    'keyturn.issuer': issuer,
    'keyturn.service': service,
    'keyturn.kid.bucket': bucket,
    ...(outcome === 'ok' ? {} : { 'error.type': outcome }),
  });
}
