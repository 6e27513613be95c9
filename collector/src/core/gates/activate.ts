import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { attestedFor } from './attested.ts';
import { algSupported } from './alg-supported.ts';
import { requiredGroups, weakestAccepted } from './dependents.ts';
import { timedReady } from './elapsed.ts';
import { fleetHeard, newKeyKnown } from './evidence.ts';
import { fetchSurge } from './fetch-surge.ts';
import { rejectsBogus } from './bogus.ts';
import { collectorChecks, issuerChecks, onlyRotation } from './health.ts';
import { noAlert } from './no-alert.ts';
import { keyIdentityHolds, newKeyPublished, oldKeyPublished } from './keys.ts';
import { populationsCovered } from './populations.ts';
import { rehearsed } from './rehearsed.ts';
import type { Findings } from './verdict.ts';

/** May the signer switch to the new key? */
export function activateFindings(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Findings {
  return {
    checks: [
      noAlert(state, rotation, now),
      ...collectorChecks(state, now),
      ...issuerChecks(state, rotation, policy, now),
      onlyRotation(state, rotation),
      keyIdentityHolds(state, rotation),
      rejectsBogus(state, rotation),
      newKeyPublished(state, rotation),
      oldKeyPublished(state, rotation),
      algSupported(state, rotation),
      newKeyKnown(state, rotation, now),
      attestedFor(state, rotation, 'holds_new', now),
      timedReady(state, rotation, policy, now),
      populationsCovered(state, rotation, policy, now),
      fleetHeard(state, rotation),
      fetchSurge(state, rotation),
      rehearsed(state, rotation, now),
    ],
    weakestGrade: weakestAccepted(requiredGroups(state, rotation), rotation),
  };
}
