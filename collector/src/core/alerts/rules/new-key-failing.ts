import type { Comparison } from '../../detectors/comparison.ts';
import { tellComparison } from '../../detectors/told.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/**
 * Tokens of the new key fail more often than those of the old key at the same time, or at verifiers
 * without it more often than at those with it. Where one arm is empty nothing can be said.
 */
export const newKeyFailing: AlertRule = {
  names: ['NewKeyFailing'],
  judge: (state, now) =>
    [...state.detectors.issuers.values()].flatMap((of) => {
      const firing = [...of.comparisons.values()].filter((one) => one.firing !== null);
      // Of both kinds, the one that fired first speaks for the rotation.
      const spoken = new Map<string, Comparison>();
      for (const one of firing.sort((a, b) => (a.firing?.atMs ?? 0) - (b.firing?.atMs ?? 0))) {
        const key = JSON.stringify([one.rotationId, one.service]);
        const isTold = one.service !== null && one.firing?.isOwn !== true;
        if (!isTold && !isBetter(spoken.get(key))) spoken.set(key, one);
      }
      return [...spoken.values()].map((one): Judgement => {
        const { issuer, rotationId, service, firing: since } = one;
        const labels = {
          issuer,
          rotation: rotationId,
          ...(service === null ? {} : { service }),
        };
        return since?.isUnknown === true
          ? { status: 'unknown', name: 'NewKeyFailing', labels }
          : { status: 'present', name: 'NewKeyFailing', labels, ...tellComparison(one, now) };
      });
    }),
};

function isBetter(one: Comparison | undefined): boolean {
  return one !== undefined && one.firing?.isUnknown !== true;
}
