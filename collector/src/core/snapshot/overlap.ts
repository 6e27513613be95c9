import { coveringCohort } from '../kinds.ts';
import type { IssuerPolicy, ServicePolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import { reckonedPolicy } from '../cache-life.ts';
import { publishSafetyMs } from '../gates/emergency-skip.ts';
import { lifetimeOfKidMs } from '../lifetime.ts';
import { requiredGroups } from '../gates/dependents.ts';
import { rotationFacts } from '../rotation.ts';
import type { State } from '../state.ts';
import { usageKey } from '../state.ts';
import { lastOldSignatureMs, oldTokensGoneAtMs, populationMs, propagationMs } from '../timing.ts';
import type { EvidencedMoments, OverlapTerms } from './evidence-record.ts';

/**
 * How long both keys have to be published together, term by term. Null when the issuer is not
 * configured any more.
 */
export function overlapTerms(
  state: Readonly<State>,
  rotation: RotationRecord,
  nowMs: number,
): OverlapTerms | null {
  const declared = state.policy.issuers.get(rotation.issuer);
  if (declared === undefined) return null;
  const issuer = reckonedPolicy(state, declared, nowMs);
  const old = state.usage.get(usageKey(rotation.issuer, rotation.oldKid));
  const slowest = slowestService(state, rotation, issuer);
  const lastSignedMs = lastOldSignatureMs(rotation, old, issuer.switchSpreadMs);
  const terms = {
    propagationMs: slowest.boundMs,
    propagationOf: slowest.name,
    publishSafetyMs: publishSafetyMs(state, rotation),
    switchSpreadMs:
      lastSignedMs === null || rotation.switchedAtMs === null
        ? 0
        : lastSignedMs - rotation.switchedAtMs,
    lifetimeMs: lifetimeOfKidMs(state, issuer, rotation.oldKid),
    skewMs: issuer.skewMs,
    retireSafetyMs: state.policy.retireSafetyMs,
  };
  return { ...terms, requiredMs: sumOf(terms) };
}

/** What is known of the moments the overlap is measured by. */
export function momentsOf(state: Readonly<State>, rotation: RotationRecord): EvidencedMoments {
  const issuer = state.policy.issuers.get(rotation.issuer);
  const old = state.usage.get(usageKey(rotation.issuer, rotation.oldKid));
  const facts = rotationFacts(state, rotation);
  return {
    publishedAtMs: facts.publishedAtMs,
    switchedAtMs: rotation.switchedAtMs,
    switchSeenAtMs: rotation.switchSeenAtMs,
    lastOldSignatureAtMs: lastOldSignatureMs(rotation, old, issuer?.switchSpreadMs ?? 0),
    lastOldAcceptedAtMs: old?.lastAcceptedAtMs ?? null,
    oldTokensGoneAtMs:
      issuer === undefined
        ? null
        : oldTokensGoneAtMs(
            rotation,
            old,
            lifetimeOfKidMs(state, issuer, rotation.oldKid),
            issuer,
            state.policy,
          ),
    withdrawnAtMs: facts.withdrawnAtMs,
  };
}

/** P: the longest any required service may work without a key that is published. */
function slowestService(
  state: Readonly<State>,
  rotation: RotationRecord,
  issuer: IssuerPolicy,
): { readonly name: string | null; readonly boundMs: number | null } {
  let slowest: { name: string | null; boundMs: number } = { name: null, boundMs: 0 };
  // A secret comes by people's hands: nothing bounds how long that takes.
  if (rotation.keyKind === 'secret') return { name: null, boundMs: null };
  for (const { service } of requiredGroups(state, rotation)) {
    const boundMs = boundOf(issuer, service);
    if (boundMs === null) return { name: service.name, boundMs: null };
    if (slowest.name === null || boundMs > slowest.boundMs)
      slowest = { name: service.name, boundMs };
  }
  return slowest;
}

/** Of a population, what the share takes that must be covered. */
function boundOf(issuer: IssuerPolicy, { population, profile }: ServicePolicy): number | null {
  if (population === null) return propagationMs(issuer, profile);
  const cohort = coveringCohort(population);
  return cohort === null ? null : populationMs(issuer, cohort);
}

function sumOf(terms: Omit<OverlapTerms, 'requiredMs'>): number | null {
  if (terms.propagationMs === null || terms.lifetimeMs === null) return null;
  return (
    terms.propagationMs +
    terms.publishSafetyMs +
    terms.switchSpreadMs +
    terms.lifetimeMs +
    terms.skewMs +
    terms.retireSafetyMs
  );
}
