import { counted } from '@keyturn/shared/model/counted.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/** One (iss, kid) with two thumbprints: an alarm for ever, never an update. */
export const kidReused: AlertRule = {
  names: ['KidReused'],
  judge: (state) =>
    [...state.issuers.values()].flatMap((issuer) =>
      [...issuer.reusedKids].map(
        ([kid, keys]): Judgement => ({
          status: 'present',
          name: 'KidReused',
          labels: { issuer: issuer.issuer, kid },
          summary: `kid ${kid} of ${issuer.issuer} stands for ${counted(keys.length, 'key')}`,
          details: keys.map(({ thumbprint, alg }) => `${thumbprint} (${alg})`),
        }),
      ),
    ),
};
