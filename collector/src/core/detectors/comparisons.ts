import type { State } from '../state.ts';
import type { Write } from '../writes.ts';
import { type Comparison, type ComparisonKind, createComparison } from './comparison.ts';
import type { IssuerDetectors, RotationComparisons } from './detectors.ts';
import { dropSeries } from './keep.ts';

/** Comparisons of one issuer: a rotation has two, and one per service. */
export const COMPARISONS_MAX = 1_000;

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

/**
 * A rotation that ended compares nothing any more. What fires stays until it is over: giving a rotation
 * up and starting it anew must not rid it of what speaks against it.
 */
export function dropEnded(state: State, of: IssuerDetectors, nowMs: number, writes: Write[]): void {
  for (const [id, comparison] of of.comparisons) {
    const rotation = state.rotations.get(comparison.rotationId);
    if (comparison.firing !== null || rotation?.endedAtMs === null) continue;
    of.comparisons.delete(id);
    of.compared.delete(comparison.rotationId);
    if (comparison.writtenScore !== null) dropSeries(comparison, nowMs, writes);
  }
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
  const comparison = createComparison(id, { kind, issuer, rotationId, service, calmForMs }, nowMs);
  of.comparisons.set(id, comparison);
  return comparison;
}
