import type { Grade, NegativeGrade } from '@keyturn/shared/model/evidence.ts';
import type { ServicePolicy } from './policy.ts';
import type { VerifierRecord } from './records.ts';

/** Whether a verifier is heard of. `joined`: it said hello and has not reported yet. */
export type Liveness = 'reporting' | 'silent' | 'joined' | 'departed';

/** What is known of one verifier about one rotation. */
export interface Standing {
  /** About the new key. */
  readonly holdsNew: Grade | NegativeGrade;
  readonly holdsNewSinceMs: number;
  /** About the old key: still held, known not to be held, or nothing known. */
  readonly holdsOld: 'held' | 'dropped' | 'unknown';
  readonly holdsOldSinceMs: number;
  /** A sentence for a person. */
  readonly detail: string;
}

/** One verifier in memory. */
export interface Verifier {
  /** `service/instance/cache`. */
  readonly key: string;
  record: VerifierRecord;
  readonly service: ServicePolicy;
  liveness: Liveness;
  livenessSinceMs: number;
  /** Session that reported last. */
  session: string | null;
  /** By rotation id, open rotations of this verifier's issuers only. */
  readonly standings: Map<string, Standing>;
}

/** All verifiers, with the counters and sets that make gate reads independent of their number. */
export interface Fleet {
  readonly verifiers: Map<string, Verifier>;
}
