import { moment } from '@keyturn/shared/model/moment.ts';
import { cacheLead } from '../../gates/cache-lead.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/** The issuer lets caches keep its JWKS for longer than is planned between publication and switch. */
export const issuerHeaders: AlertRule = {
  names: ['IssuerHeadersContradictPlan'],
  judge: (state, now) =>
    [...state.policy.issuers.values()].flatMap((policy): readonly Judgement[] => {
      const check = cacheLead(state, policy, now);
      const about = {
        name: 'IssuerHeadersContradictPlan',
        labels: { issuer: policy.issuer },
      } as const;
      if (check.status === 'unknown') return [{ status: 'unknown', ...about }];
      if (check.status !== 'fail') return [];
      const ends =
        check.clearsAtMs === null ? [] : [`the last such copy ends at ${moment(check.clearsAtMs)}`];
      return [
        {
          status: 'present',
          ...about,
          summary: `${policy.issuer}: ${check.message}`,
          details: [...ends, check.help],
        },
      ];
    }),
};
