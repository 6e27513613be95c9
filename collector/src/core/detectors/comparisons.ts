import type { State } from '../state.ts';
import type { Write } from '../writes.ts';
import { type Comparison, type ComparisonKind, createComparison } from './comparison.ts';
import type { Detectors, IssuerDetectors, RotationComparisons } from './detectors.ts';
import { dropSeries } from './keep.ts';

/** Comparisons of one issuer: a rotation has two, and one per service. */
export const COMPARISONS_MAX = 1_000;

/** Verifiers of one issuer compared one by one, over all its rotations. */
export const VERIFIER_COMPARISONS_MAX = 1_000;

/** What is compared in a rotation, made when there is first something to compare; undefined: no room. */
export function comparisonsOf(
  of: IssuerDetectors,
  rotationId: string,
  nowMs: number,
): RotationComparisons | undefined {
  const known = of.compared.get(rotationId);
  if (known !== undefined || of.comparisons.size + 2 > COMPARISONS_MAX) return known;
  const compared = {
    fleet: made(of, 'key', rotationId, null, nowMs),
    holders: made(of, 'holders', rotationId, null, nowMs),
    services: new Map<string, Comparison>(),
    verifiers: new Map<string, Comparison>(),
  };
  of.compared.set(rotationId, compared);
  return compared;
}

/** The comparison of one service; undefined: no room. */
export function serviceComparison(
  of: IssuerDetectors,
  { fleet, services }: RotationComparisons,
  service: string,
  nowMs: number,
): Comparison | undefined {
  const known = services.get(service);
  if (known !== undefined || of.comparisons.size >= COMPARISONS_MAX) return known;
  const comparison = made(of, 'key', fleet.rotationId, service, nowMs);
  services.set(service, comparison);
  return comparison;
}

/** The comparison of one verifier, to be made when it refuses a token of the new key; undefined: no room. */
export function verifierComparison(
  detectors: Detectors,
  of: IssuerDetectors,
  { fleet, verifiers }: RotationComparisons,
  verifier: { readonly key: string; readonly service: string },
  nowMs: number,
): Comparison | undefined {
  const known = verifiers.get(verifier.key);
  if (known !== undefined) return known;
  if (verifiersCompared(of) >= VERIFIER_COMPARISONS_MAX) {
    detectors.dropped += 1;
    return undefined;
  }
  const { issuer, calmForMs } = of;
  const { rotationId } = fleet;
  const id = JSON.stringify(['verifier', issuer, rotationId, verifier.key]);
  const place = { service: verifier.service, verifier: verifier.key };
  const what = { kind: 'key', issuer, rotationId, ...place, calmForMs } as const;
  const comparison = createComparison(id, what, nowMs);
  verifiers.set(verifier.key, comparison);
  return comparison;
}

/** Verifiers of an issuer that are compared one by one. */
export function verifiersCompared({ compared }: IssuerDetectors): number {
  let count = 0;
  for (const { verifiers } of compared.values()) count += verifiers.size;
  return count;
}

/** At every tier. */
export function allComparisons(of: IssuerDetectors): readonly Comparison[] {
  return [...of.compared.values()].flatMap(comparisonsIn);
}

/**
 * A rotation that ended compares nothing any more. What fires stays until it is over: giving a rotation
 * up and starting it anew must not rid it of what speaks against it.
 */
export function dropEnded(state: State, of: IssuerDetectors, nowMs: number, writes: Write[]): void {
  for (const [rotationId, compared] of of.compared) {
    if (state.rotations.get(rotationId)?.endedAtMs === null) continue;
    const all = comparisonsIn(compared);
    for (const comparison of all) {
      if (comparison.firing !== null) continue;
      of.comparisons.delete(comparison.id);
      compared.verifiers.delete(comparison.verifier ?? '');
      if (comparison.writtenScore !== null) dropSeries(comparison, nowMs, writes);
    }
    if (all.every(({ firing }) => firing === null)) of.compared.delete(rotationId);
  }
}

function comparisonsIn(compared: RotationComparisons): readonly Comparison[] {
  const { fleet, holders, services, verifiers } = compared;
  return [fleet, holders, ...services.values(), ...verifiers.values()];
}

function made(
  of: IssuerDetectors,
  kind: ComparisonKind,
  rotationId: string,
  service: string | null,
  nowMs: number,
): Comparison {
  const { issuer, calmForMs } = of;
  const id = JSON.stringify([kind, issuer, rotationId, service]);
  const what = { kind, issuer, rotationId, service, verifier: null, calmForMs };
  const comparison = createComparison(id, what, nowMs);
  of.comparisons.set(id, comparison);
  return comparison;
}
