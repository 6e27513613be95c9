import type { Check, Gate } from '@keyturn/shared/model/verdict.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { attestedFor } from './attested.ts';
import { rejectsBogus } from './bogus.ts';
import { requiredGroups, weakestAccepted } from './dependents.ts';
import { fleetHeard, newKeyKnown } from './evidence.ts';
import { collectorChecks, onlyRotation } from './health.ts';
import { tokensHaveKid } from './kidless.ts';
import { everyoneCounts, newKeyInUse, oldTokens } from './retire.ts';
import { noAlert } from './no-alert.ts';
import { oldKeyTrusted, switchedAtAll } from './rollback.ts';
import { rollbackAdvice } from './rollback-advice.ts';
import { rehearsed } from './rehearsed.ts';
import { rollbackWindow } from './rollback-window.ts';
import { signerSwitched } from './signer-switched.ts';
import { secretClock } from './secret-clock.ts';
import { secretIdentityHolds, secretsDeclared } from './secret-identity.ts';
import { oldSecretDropped, oldSecretHeld, retirementDeclared } from './secret-old.ts';
import type { Findings } from './verdict.ts';

/**
 * The gates of a shared secret. Nothing is published and nothing is fetched: every verifier must be
 * given the new secret before the switch, so no check of a JWKS applies and no time passes for
 * evidence. `publish`: may the new secret be handed to verifiers? `activate`: does every verifier hold
 * it? `retire`: may verifiers drop the old one? `purge`: has every verifier said that it did?
 */
export function secretFindings(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  policy: IssuerPolicy,
  at: Now,
): Findings {
  const { check, now } = secretClock(state, rotation, gate, policy, at);
  const shared = [...collectorChecks(state, at), check, secretsDeclared(policy)];
  switch (gate) {
    case 'publish':
      return { checks: [...shared, ...publish(state, rotation, policy, now)], weakestGrade: null };
    case 'activate':
      return {
        checks: [...alert(), ...shared, ...activate(state, rotation, policy, now)],
        ...grade(),
      };
    case 'retire':
      return {
        checks: [...alert(), ...shared, ...retire(state, rotation, policy, now)],
        ...grade(),
      };
    case 'purge':
      return {
        checks: [...alert(), ...shared, ...purge(state, rotation, now)],
        weakestGrade: null,
      };
    case 'rollback':
      return rollback(shared, state, rotation, now);
  }

  function alert() {
    return [noAlert(state, rotation, at)];
  }

  function grade() {
    return { weakestGrade: weakestAccepted(requiredGroups(state, rotation), rotation) };
  }
}

/** A verifier that looks at no kid tries the one secret it has. */
const KIDLESS = {
  marginMs: (): number => 0,
  sentence:
    'tokens without a kid are accepted; verifiers try one secret on them, and would refuse those of the other',
};

function publish(state: State, rotation: RotationRecord, policy: IssuerPolicy, now: Now): Check[] {
  return [
    onlyRotation(state, rotation),
    secretIdentityHolds(state, rotation),
    tokensHaveKid(state, rotation, policy, now, KIDLESS),
    fleetHeard(state, rotation),
  ];
}

function activate(state: State, rotation: RotationRecord, policy: IssuerPolicy, now: Now): Check[] {
  return [
    onlyRotation(state, rotation),
    secretIdentityHolds(state, rotation),
    tokensHaveKid(state, rotation, policy, now, KIDLESS),
    newKeyKnown(state, rotation, now),
    rejectsBogus(state, rotation),
    oldSecretHeld(state, rotation, now),
    attestedFor(state, rotation, 'holds_new', now),
    fleetHeard(state, rotation),
    rehearsed(state, rotation, now),
  ];
}

function retire(state: State, rotation: RotationRecord, policy: IssuerPolicy, now: Now): Check[] {
  return [
    onlyRotation(state, rotation),
    secretIdentityHolds(state, rotation),
    rejectsBogus(state, rotation),
    signerSwitched(rotation),
    newKeyInUse(rotation),
    ...oldTokens(state, rotation, policy, now),
    newKeyKnown(state, rotation, now),
    attestedFor(state, rotation, 'holds_new', now),
    fleetHeard(state, rotation),
    everyoneCounts(state, rotation),
  ];
}

function purge(state: State, rotation: RotationRecord, now: Now): Check[] {
  return [
    onlyRotation(state, rotation),
    rejectsBogus(state, rotation),
    signerSwitched(rotation),
    retirementDeclared(state, rotation),
    oldSecretDropped(state, rotation, now),
    attestedFor(state, rotation, 'rejects_old', now),
    fleetHeard(state, rotation),
  ];
}

function rollback(
  shared: readonly Check[],
  state: State,
  rotation: RotationRecord,
  now: Now,
): Findings {
  const { advised, check } = rollbackAdvice(state, rotation);
  return {
    checks: [
      ...shared,
      switchedAtAll(rotation),
      oldKeyTrusted(rotation),
      oldSecretHeld(state, rotation, now),
      fleetHeard(state, rotation),
      rollbackWindow(state, rotation, now),
      check,
    ],
    weakestGrade: null,
    advised,
  };
}
