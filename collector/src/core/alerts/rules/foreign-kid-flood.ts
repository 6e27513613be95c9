import { tellForeign } from '../../detectors/told.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/** Many refused tokens of kids nobody published: no key's doing, but they burn refetch budgets. */
export const foreignKidFlood: AlertRule = {
  names: ['ForeignKidFlood'],
  judge: (state, now) =>
    [...state.detectors.issuers.values()].flatMap((of): Judgement[] => {
      const { firing } = of.foreign;
      if (firing === null) return [];
      const labels = { issuer: of.issuer };
      if (firing.isUnknown) return [{ status: 'unknown', name: 'ForeignKidFlood', labels }];
      return [{ status: 'present', name: 'ForeignKidFlood', labels, ...tellForeign(of, now) }];
    }),
};
