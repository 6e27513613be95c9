import type { Comparison } from '../core/detectors/comparison.ts';
import type { IssuerDetectors } from '../core/detectors/detectors.ts';
import { threshold } from '../core/detectors/parameters.ts';
import { requiredGroups } from '../core/gates/dependents.ts';
import { sharesOf } from '../core/observed/propagation.ts';
import type { RotationRecord } from '../core/records.ts';
import type { State } from '../core/state.ts';
import { noteMark } from './mark.ts';
import { latest, OLD_STANDINGS, type PropagationSample, ROTATION } from './rotation-bucket.ts';
import type { Tracks } from './tracks.ts';

/** Notes of every open rotation how far its keys have come, and how they compare. */
export function watchRotations(
  state: Readonly<State>,
  tracks: Tracks,
  fromMs: number,
  nowMs: number,
): void {
  for (const rotation of state.rotations.values()) {
    if (rotation.endedAtMs !== null) continue;
    const track = tracks.of(ROTATION, rotation.id);
    track.watch(fromMs, nowMs);
    if (fromMs >= nowMs) continue;
    const bucket = track.at(nowMs - 1);
    bucket.propagation = latest(bucket.propagation, propagationSample(state, rotation));
    const of = state.detectors.issuers.get(rotation.issuer);
    const compared = of?.compared.get(rotation.id);
    if (of === undefined || compared === undefined) continue;
    const h = thresholdOf(state, of);
    const note = (name: string, { score, firing }: Comparison): void =>
      noteMark(bucket.marks, name, { score, threshold: h, firing: firing !== null });
    note('key', compared.fleet);
    note('holders', compared.holders);
  }
}

/** From counters that are kept: it costs the number of services. */
export function propagationSample(
  state: Readonly<State>,
  rotation: RotationRecord,
): PropagationSample {
  const sums = { knowing: 0, lacking: 0, unheard: 0 };
  const byGrade: Record<string, number> = {};
  const byOld = { held: 0, served: 0, dropped: 0, unknown: 0 };
  for (const group of requiredGroups(state, rotation)) {
    const shares = sharesOf(group, rotation);
    sums.knowing += shares.knowing;
    sums.lacking += shares.lacking;
    sums.unheard += shares.unheard;
    const tally = group.tallies.get(rotation.id);
    for (const [grade, { size }] of tally?.byNew ?? []) {
      if (size > 0) byGrade[grade] = (byGrade[grade] ?? 0) + size;
    }
    for (const standing of OLD_STANDINGS) byOld[standing] += tally?.byOld.get(standing)?.size ?? 0;
  }
  const verifiers = sums.knowing + sums.lacking + sums.unheard;
  return { verifiers, ...sums, knowingFewest: sums.knowing, byGrade, byOld };
}

// As the comparisons of an issuer are judged: they share one budget.
function thresholdOf({ detectors }: Readonly<State>, of: IssuerDetectors): number {
  return threshold(of.comparisons.size * detectors.issuers.size, detectors.binMs);
}
