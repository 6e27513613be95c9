import type { Grade, NegativeGrade } from '@keyturn/shared/model/evidence.ts';
import type { Verifier } from './fleet.ts';
import type { HeldCounts, HeldKeySet } from './records.ts';

/** What a verifier's latest report proves about a new key, and a sentence saying why. */
export interface NewKeyStanding {
  readonly grade: Grade | NegativeGrade;
  readonly detail: string;
}

/** Of a verifier whose latest report says nothing of now. */
export function unheardStanding({ liveness, record }: Verifier): NewKeyStanding | undefined {
  if (liveness === 'silent') {
    return { grade: 'silent', detail: 'stopped reporting without a goodbye' };
  }
  if (liveness !== 'reporting' || record.observedAtMs === null) {
    return { grade: 'never_seen', detail: 'said hello and has not reported yet' };
  }
  return undefined;
}

/** What the report says of an issuer's keys. */
export function keySetOf(sets: readonly HeldKeySet[], issuer: string): HeldKeySet | undefined {
  return sets.find((set) => set.issuer === issuer);
}

/** When a token under this kid was last accepted, collector time; 0: never. */
export function lastAcceptedMs(counts: readonly HeldCounts[], issuer: string, kid: string): number {
  for (const row of counts) {
    if (row.issuer === issuer && row.key.kind === 'kid' && row.key.kid === kid) {
      return row.lastAcceptedAtMs ?? 0;
    }
  }
  return 0;
}
