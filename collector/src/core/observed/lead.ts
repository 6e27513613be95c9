import { reckonedPolicy } from '../cache-life.ts';
import type { Group } from '../fleet.ts';
import { requiredGroups } from '../gates/dependents.ts';
import { coveringCohort } from '../kinds.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { State } from '../state.ts';
import { usageKey } from '../state.ts';
import { longestLifetimeMs, populationMs, propagationMs } from '../timing.ts';

/**
 * P: how long the slowest required verifier may work without a published key, milliseconds. Null
 * when some profile knows no bound, or nobody depends on the issuer.
 */
export function neededLeadMs(state: State, rotation: RotationRecord, nowMs: number): number | null {
  const declared = state.policy.issuers.get(rotation.issuer);
  if (declared === undefined) return null;
  const policy = reckonedPolicy(state, declared, nowMs);
  let neededMs: number | null = null;
  for (const group of requiredGroups(state, rotation)) {
    const boundMs = learnMs(group, policy);
    if (boundMs === null) return null;
    neededMs = Math.max(neededMs ?? 0, boundMs);
  }
  return neededMs;
}

/** How long after its publication verifiers of a group may lack a key, ms; null: no bound. */
export function learnMs(group: Group, policy: IssuerPolicy): number | null {
  const { population, profile } = group.service;
  if (population === null) return propagationMs(policy, profile);
  const cohort = coveringCohort(population);
  return cohort === null ? null : populationMs(policy, cohort);
}

/** Until when tokens of the old key live, by what was accepted and declared. */
export interface OldTokens {
  readonly untilMs: number;
  /** True when an accepted token is known to live that long; else it is the longest lifetime. */
  readonly isKnown: boolean;
  /** The old key was withdrawn before that. */
  readonly atRemoval: boolean;
}

/** Null while nothing says how long tokens of the old key live. */
export function oldTokensLive(state: State, rotation: RotationRecord): OldTokens | null {
  const policy = state.policy.issuers.get(rotation.issuer);
  const issuer = state.issuers.get(rotation.issuer);
  if (policy === undefined || issuer === undefined) return null;
  const usage = state.usage.get(usageKey(rotation.issuer, rotation.oldKid));
  const { withdrawnAtMs } = rotationFacts(state, rotation);
  const knownMs = usage?.highestExpS == null ? null : usage.highestExpS * 1_000;
  const tmaxMs = longestLifetimeMs(policy, state.usage.values(), issuer.keys.values());
  // Until another key was used, or this one went, it may have signed.
  const signedMs = rotation.switchedAtMs ?? withdrawnAtMs;
  const highestIatMs = usage?.highestIatS == null ? 0 : usage.highestIatS * 1_000;
  const boundMs =
    tmaxMs === null || signedMs === null ? null : Math.max(signedMs, highestIatMs) + tmaxMs;
  const untilMs = Math.max(knownMs ?? 0, boundMs ?? 0);
  if (untilMs === 0) return null;
  const isKnown = withdrawnAtMs !== null && knownMs !== null && knownMs > withdrawnAtMs;
  return {
    untilMs: isKnown ? knownMs : untilMs,
    isKnown,
    atRemoval: withdrawnAtMs !== null && untilMs > withdrawnAtMs,
  };
}
