import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import { keySetOf } from '../../latest-report.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import {
  isPartlyUnheard,
  isRequired,
  named,
  type ServiceGroups,
  serviceNoun,
  servicesWatched,
} from '../spoken-of.ts';

/** Verifiers that decide with keys older than their kind ever keeps, from the sets kept of them. */
export const staleCache: AlertRule = {
  names: ['StaleCache'],
  judge: (state) => [...servicesWatched(state)].flatMap((watched) => judgeService(watched) ?? []),
};

function judgeService(watched: ServiceGroups): Judgement | undefined {
  const { service, groups } = watched;
  const { issuer } = watched.issuer;
  const about = { name: 'StaleCache', labels: { issuer, service } } as const;
  const stale = groups.flatMap((group) =>
    group.stale.size === 0
      ? []
      : [...group.stale].filter(({ liveness }) => liveness === 'reporting'),
  );
  if (stale.length === 0) {
    return isPartlyUnheard(groups) ? { status: 'unknown', ...about } : undefined;
  }
  const refreshS = groups[0]?.service.profile.refreshS ?? 0;
  return {
    status: 'present',
    ...about,
    ...(isRequired(watched) ? {} : { severity: 'info' as const }),
    summary: `${counted(stale.length, 'verifier')} of ${serviceNoun(watched)} work with keys of ${issuer} older than the ${refreshS} s after which their kind has replaced them`,
    details: named(stale, stale.length, ({ record }) => {
      const set = keySetOf(record.keySets, issuer);
      const error = set?.lastError == null ? '' : `, its last fetch failed: ${set.lastError}`;
      return `has keys of ${moment(set?.dataAtMs ?? 0)}${error}`;
    }),
  };
}
