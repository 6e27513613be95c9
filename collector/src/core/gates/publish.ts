import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { algSupported } from './alg-supported.ts';
import { cacheLead } from './cache-lead.ts';
import { fleetHeard } from './evidence.ts';
import { rejectsBogus } from './bogus.ts';
import { collectorChecks, issuerChecks, onlyRotation } from './health.ts';
import { jwksFits } from './jwks-fits.ts';
import { keyIdentityHolds } from './keys.ts';
import { tokensHaveKid } from './kidless.ts';
import type { Findings } from './verdict.ts';

/** May the new key enter the JWKS? */
export function publishFindings(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Findings {
  return {
    checks: [
      ...collectorChecks(state, now),
      ...issuerChecks(state, rotation, policy, now),
      onlyRotation(state, rotation),
      keyIdentityHolds(state, rotation),
      jwksFits(state, rotation),
      algSupported(state, rotation),
      cacheLead(state, state.policy.issuers.get(rotation.issuer) ?? policy, now),
      rejectsBogus(state, rotation),
      tokensHaveKid(state, rotation, policy, now, PUBLISH),
      fleetHeard(state, rotation),
    ],
    weakestGrade: null,
  };
}

/** A second compatible key makes many libraries refuse tokens without a kid. */
const PUBLISH = {
  marginMs: (): number => 0,
  sentence: 'tokens without a kid are accepted; a second key would make verifiers refuse them',
};
