import type { Comparison } from '../../detectors/comparison.ts';
import { allComparisons } from '../../detectors/comparisons.ts';
import { tellComparison } from '../../detectors/told.ts';
import { parseVerifierKey } from '../../detectors/verifier-labels.ts';
import type { AlertLabels } from '../alert.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/**
 * Tokens of the new key fail more often than those of the old key at the same time, or at verifiers
 * without it more often than at those with it: one alert for the rotation where that is so over all
 * verifiers, else one for each service, else for each verifier. Where one arm is empty nothing can be said.
 */
export const newKeyFailing: AlertRule = {
  names: ['NewKeyFailing'],
  judge: (state, now) =>
    [...state.detectors.issuers.values()].flatMap((of) => {
      const firing = allComparisons(of).filter((one) => one.firing !== null);
      // Of both kinds, the one that fired first speaks for the rotation.
      const spoken = new Map<string, Comparison>();
      for (const one of firing.sort((a, b) => (a.firing?.atMs ?? 0) - (b.firing?.atMs ?? 0))) {
        const key = JSON.stringify([one.rotationId, one.service, one.verifier]);
        const isTold = one.service !== null && one.firing?.isOwn !== true;
        if (!isTold && !isBetter(spoken.get(key))) spoken.set(key, one);
      }
      return [...spoken.values()].map((one): Judgement => {
        const { issuer, rotationId, firing: since } = one;
        const labels = { issuer, rotation: rotationId, ...placeOf(one) };
        return since?.isUnknown === true
          ? { status: 'unknown', name: 'NewKeyFailing', labels }
          : { status: 'present', name: 'NewKeyFailing', labels, ...tellComparison(of, one, now) };
      });
    }),
};

function placeOf({ service, verifier }: Comparison): AlertLabels {
  if (verifier !== null) return parseVerifierKey(verifier);
  return service === null ? {} : { service };
}

function isBetter(one: Comparison | undefined): boolean {
  return one !== undefined && one.firing?.isUnknown !== true;
}
