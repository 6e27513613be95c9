import { groupsOfIssuer } from '../fleet.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import { calmRateOf, compare, type Comparison, isAlike, isAtRest } from './comparison.ts';
import { dropEnded, verifiersCompared } from './comparisons.ts';
import { coverage, coverageOf } from './coverage.ts';
import type { IssuerDetectors, RotationComparisons } from './detectors.ts';
import { forgetOld, isOver, resolve } from './excursion.ts';
import { dropSeries, keepComparison } from './keep.ts';
import { threshold, VERIFIER_DETECTORS } from './parameters.ts';

/** Looks at what the bin that ended brought to every comparison. */
export function watchComparisons(state: State, now: Now, writes: Write[]): void {
  for (const of of state.detectors.issuers.values()) {
    if (of.compared.size === 0) continue;
    dropEnded(state, of, now.atMs, writes);
    const h = thresholdOf(state, of);
    for (const comparison of of.comparisons.values()) look(state, comparison, h, now, writes);
  }
  watchVerifiers(state, now, writes);
}

/** One budget for the comparisons of all rotations but those of single verifiers, who may be thousands. */
function thresholdOf({ detectors }: State, of: IssuerDetectors): number {
  return threshold(of.comparisons.size * detectors.issuers.size, detectors.binMs);
}

function watchVerifiers(state: State, now: Now, writes: Write[]): void {
  const issuers = [...state.detectors.issuers.values()];
  const some = issuers.filter((of) => verifiersCompared(of) > 0);
  if (some.length === 0) return;
  const ofVerifiers = verifierThreshold(state, issuers);
  for (const of of some) {
    // What is so for a whole service is seen there first.
    const h = Math.max(ofVerifiers, thresholdOf(state, of));
    for (const compared of of.compared.values()) {
      for (const one of compared.verifiers.values()) {
        watchVerifier(state, compared, one, h, now, writes);
      }
    }
  }
}

function watchVerifier(
  state: State,
  compared: RotationComparisons,
  comparison: Comparison,
  h: number,
  now: Now,
  writes: Write[],
): void {
  if (!isGone(state, comparison)) look(state, comparison, h, now, writes);
  forgetOld(comparison, now.atMs);
  if (!isGone(state, comparison) && !isAtRest(comparison)) return;
  compared.verifiers.delete(comparison.verifier ?? '');
  if (comparison.writtenScore !== null) dropSeries(comparison, now.atMs, writes);
}

/** Who said goodbye, or was removed by somebody, fails no more. */
function isGone(state: State, { verifier }: Comparison): boolean {
  const liveness = state.fleet.verifiers.get(verifier ?? '')?.liveness;
  return (liveness ?? 'departed') === 'departed';
}

/** As many as there can be: one per verifier of an issuer and open rotation, whether it fails or not. */
function verifierThreshold(state: State, issuers: readonly IssuerDetectors[]): number {
  let watched = 0;
  for (const { issuer, compared } of issuers) {
    if (compared.size === 0) continue;
    for (const { members } of groupsOfIssuer(state.fleet, issuer)) {
      watched += members.size * compared.size;
    }
  }
  return threshold(VERIFIER_DETECTORS * watched, state.detectors.binMs);
}

function look(state: State, comparison: Comparison, h: number, now: Now, writes: Write[]): void {
  const before = comparison.score;
  const wasFiring = comparison.firing !== null;
  compare(comparison, h, now.atMs);
  if (comparison.firing !== null) endIfOver(state, comparison, h, now);
  const isTurn = (comparison.firing !== null) !== wasFiring;
  if (isTurn || before !== comparison.score) keepComparison(comparison, now.atMs, writes);
}

function endIfOver(state: State, comparison: Comparison, h: number, now: Now): void {
  const { firing } = comparison;
  if (firing === null) return;
  const looks = {
    h,
    clearRate: calmRateOf(comparison),
    coverage: coverageBy(state, comparison),
    goesWithout: goesWithoutTried(state, comparison, now),
  };
  const isCalm = isOver({ ...comparison, firing }, looks, now.atMs);
  if (isCalm || isAlike(comparison, firing.coveredSinceMs, now.atMs)) resolve(comparison, now.atMs);
}

function coverageBy(state: State, { issuer, service, verifier }: Comparison): number {
  return verifier === null
    ? coverage(state, issuer, service)
    : coverageOf(state, { issuer, tier: 'verifier', name: verifier });
}

/**
 * After going back nobody signs with the new key, and of a rotation that ended nothing is compared. And
 * where its tokens go to verifiers that have it, and to no others, there is nobody left to refuse them
 * for want of it.
 */
function goesWithoutTried(
  state: State,
  { kind, rotationId, controlAtMs, calmForMs }: Comparison,
  now: Now,
): boolean {
  const rotation = state.rotations.get(rotationId);
  if (rotation?.endedAtMs !== null) return true;
  if (rotation.rolledBackAtMs !== null && rotation.switchedAtMs === null) return true;
  return kind === 'holders' && now.atMs - controlAtMs < calmForMs;
}
