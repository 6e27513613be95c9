import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { groupsOfIssuer } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { usageKey } from '../state.ts';
import { longestLifetimeMs } from '../timing.ts';
import { fail, offender, pass, unknown } from './check.ts';
import { Offenders } from './dependents.ts';
import { fleetHeard } from './evidence.ts';
import { collectorChecks, issuerChecks, onlyRotation } from './health.ts';
import { keyIdentityHolds } from './keys.ts';
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
      noTokensWithoutKid(state, rotation, policy, now),
      fleetHeard(state, rotation),
    ],
    weakestGrade: null,
  };
}

/**
 * Tokens without a kid work while one key is published and fail, in many libraries, the moment a
 * second compatible one appears: none may have been accepted for the longest token lifetime.
 */
function noTokensWithoutKid(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const usage = state.usage.get(usageKey(rotation.issuer, null));
  if (usage === undefined) {
    return pass('tokens_have_kid', 'evidence', 'no token without a kid has been accepted');
  }
  const tmaxMs = longestLifetimeMs(policy, state.usage.values());
  if (tmaxMs === null) {
    return unknown(
      'tokens_have_kid',
      'evidence',
      'tokens without a kid have been accepted, and their longest lifetime is unknown',
      { sinceMs: usage.firstAcceptedAtMs, help: 'set issuers[].max_token_lifetime' },
    );
  }
  const clearsAtMs = usage.lastAcceptedAtMs + tmaxMs + policy.skewMs;
  if (now.earliestMs >= clearsAtMs) {
    return pass(
      'tokens_have_kid',
      'evidence',
      `the last token without a kid was accepted at ${moment(usage.lastAcceptedAtMs)}`,
    );
  }
  const found = new Offenders();
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    found.addAll(group.members, (verifier) => {
      const row = verifier.record.counts.find(
        (counts) => counts.issuer === rotation.issuer && counts.key.kind === 'none',
      );
      return (row?.outcomes.ok ?? 0) === 0
        ? undefined
        : offender(
            verifier,
            'kid_missing',
            row?.lastAcceptedAtMs ?? null,
            'accepts tokens without a kid',
          );
    });
  }
  return fail(
    'tokens_have_kid',
    'evidence',
    'tokens without a kid are accepted; a second key would make verifiers refuse them',
    {
      offenders: found.shown,
      sinceMs: usage.firstAcceptedAtMs,
      clearsAtMs,
      help: 'make the issuer set `kid` in every token header',
    },
  );
}
