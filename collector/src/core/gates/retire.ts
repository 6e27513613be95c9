import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { groupsOfIssuer } from '../fleet.ts';
import { lifetimeOfKidMs } from '../lifetime.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord, UsageRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { usageKey } from '../state.ts';
import { oldTokensGoneAtMs } from '../timing.ts';
import { attestedFor } from './attested.ts';
import { fail, offender, pass, unknown } from './check.ts';
import { Offenders, requiredGroups, weakestAccepted } from './dependents.ts';
import { timedReady } from './elapsed.ts';
import { fleetHeard, newKeyKnown } from './evidence.ts';
import { rejectsBogus } from './bogus.ts';
import { collectorChecks, issuerChecks, onlyRotation } from './health.ts';
import { noAlert } from './no-alert.ts';
import { keyIdentityHolds, newKeyPublished } from './keys.ts';
import { oldKeyNotSigning } from './late-signer.ts';
import { tokensHaveKid } from './kidless.ts';
import { populationsCovered } from './populations.ts';
import { signerSwitched } from './signer-switched.ts';
import { taintedTokens } from './tainted-tokens.ts';
import type { Findings } from './verdict.ts';

/** May the old key leave the JWKS? Time decides; use of the old key is evidence against, never for. */
export function retireFindings(
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
      signerSwitched(rotation),
      newKeyInUse(rotation),
      ...oldTokens(state, rotation, policy, now),
      newKeyPublished(state, rotation),
      newKeyKnown(state, rotation, now),
      attestedFor(state, rotation, 'holds_new', now),
      timedReady(state, rotation, policy, now),
      populationsCovered(state, rotation, policy, now),
      fleetHeard(state, rotation),
      everyoneCounts(state, rotation),
    ],
    weakestGrade: weakestAccepted(requiredGroups(state, rotation), rotation),
  };
}

/** Whether tokens of the old key can be let go: all are gone, or it is tainted and they must be. */
export function oldTokens(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): readonly Check[] {
  if (rotation.tainted) return [taintedTokens(state, rotation, now)];
  const old = state.usage.get(usageKey(rotation.issuer, rotation.oldKid));
  const tmaxMs = lifetimeOfKidMs(state, policy, rotation.oldKid);
  const goneAtMs = oldTokensGoneAtMs(rotation, old, tmaxMs, policy, state.policy);
  return [
    oldTokensExpired(rotation, tmaxMs, goneAtMs, policy, now),
    oldKeyNotSigning(state, rotation, old, tmaxMs, goneAtMs, policy, now),
    oldTokensEnd(rotation, old),
    tokensHaveKid(state, rotation, policy, now, RETIRE),
    oldKeyUnused(state, rotation, old, tmaxMs, goneAtMs, policy, now),
  ];
}

/** The switch is believed once somebody accepted a token of the new key after it was declared. */
export function newKeyInUse(rotation: RotationRecord): Check {
  if (rotation.switchSeenAtMs !== null) {
    return pass(
      'new_key_in_use',
      'evidence',
      `tokens signed by ${rotation.newKid} are accepted since ${moment(rotation.switchSeenAtMs)}`,
    );
  }
  return unknown(
    'new_key_in_use',
    'evidence',
    rotation.switchedAtMs === null
      ? 'use is judged from the switch of the signer'
      : `no verifier has accepted a token signed by ${rotation.newKid} since the switch`,
    { sinceMs: rotation.switchedAtMs, help: 'check that the issuer really signs with the new key' },
  );
}

/** Tokens without a kid may be of the old key: they must be gone like all its others. */
export const RETIRE = {
  marginMs: (state: State): number => state.policy.retireSafetyMs,
  sentence: 'tokens without a kid are accepted and may be of the old key',
};

export function oldTokensExpired(
  rotation: RotationRecord,
  tmaxMs: number | null,
  goneAtMs: number | null,
  policy: IssuerPolicy,
  now: Now,
): Check {
  if (tmaxMs === null) {
    return unknown(
      'old_tokens_expired',
      'time',
      'the longest token lifetime is neither declared nor seen, so nobody can say when old tokens end',
      { help: `set issuers[].max_token_lifetime for ${policy.issuer}` },
    );
  }
  if (goneAtMs === null) {
    return unknown('old_tokens_expired', 'time', 'time counts from the switch of the signer');
  }
  if (now.earliestMs >= goneAtMs) {
    return pass('old_tokens_expired', 'time', `the last token of ${rotation.oldKid} has expired`);
  }
  return fail(
    'old_tokens_expired',
    'time',
    `tokens signed by ${rotation.oldKid} may be live until ${moment(goneAtMs)}`,
    { sinceMs: rotation.switchedAtMs, clearsAtMs: goneAtMs },
  );
}

export function oldTokensEnd(rotation: RotationRecord, old: UsageRecord | undefined): Check {
  const endless = old?.acceptedWithoutExp ?? 0;
  if (endless === 0) return pass('old_tokens_end', 'policy', 'every token seen has an expiry');
  return fail(
    'old_tokens_end',
    'policy',
    `${counted(endless, 'accepted token')} of ${rotation.oldKid} had no expiry and would be refused for ever`,
    { help: 'replace those tokens, then waive this check with `keyturn waive`' },
  );
}

/** A use after every token should have expired means a late signer or a wrong Tmax. */
export function oldKeyUnused(
  state: State,
  rotation: RotationRecord,
  old: UsageRecord | undefined,
  tmaxMs: number | null,
  goneAtMs: number | null,
  policy: IssuerPolicy,
  now: Now,
): Check {
  if (goneAtMs === null || tmaxMs === null) {
    return unknown(
      'old_key_unused',
      'evidence',
      'use is judged from the end of the last old token',
    );
  }
  if (old === undefined || old.lastAcceptedAtMs <= goneAtMs) {
    return pass(
      'old_key_unused',
      'evidence',
      `no token of ${rotation.oldKid} accepted since it should be gone`,
    );
  }
  const clearsAtMs = old.lastAcceptedAtMs + tmaxMs + policy.skewMs + state.policy.retireSafetyMs;
  if (now.earliestMs >= clearsAtMs) {
    return pass(
      'old_key_unused',
      'evidence',
      `no token of ${rotation.oldKid} accepted for one lifetime`,
    );
  }
  const found = new Offenders();
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    found.addAll(group.members, (verifier) => {
      const row = verifier.record.counts.find(
        (counts) =>
          counts.issuer === rotation.issuer &&
          counts.key.kind === 'kid' &&
          counts.key.kid === rotation.oldKid,
      );
      const atMs = row?.lastAcceptedAtMs ?? 0;
      return atMs <= goneAtMs
        ? undefined
        : offender(
            verifier,
            'accepts_old',
            atMs,
            `accepted a token of ${rotation.oldKid} at ${moment(atMs)}`,
          );
    });
  }
  return fail(
    'old_key_unused',
    'evidence',
    `a token of ${rotation.oldKid} was accepted after all should have expired: a late signer, or a longer lifetime than known`,
    { offenders: found.shown, sinceMs: old.lastAcceptedAtMs, clearsAtMs },
  );
}

/** Verifiers behind the proxy cannot count; policy says whether that blocks. */
export function everyoneCounts(state: State, rotation: RotationRecord): Check {
  const found = new Offenders();
  for (const group of requiredGroups(state, rotation)) {
    found.addAll(group.uncounted, (verifier) =>
      offender(verifier, 'uncounted', null, 'reports keys, not outcomes'),
    );
  }
  if (found.count === 0)
    return pass('everyone_counts', 'coverage', 'every verifier counts outcomes');
  const message = `${counted(found.count, 'verifier')} cannot say whether old tokens are still used`;
  const extras = { offenders: found.shown, offenderCount: found.count };
  return state.policy.uncountedBlocksRetire
    ? unknown('everyone_counts', 'coverage', message, extras)
    : pass('everyone_counts', 'coverage', `${message}; policy lets that pass`, extras);
}
