import { counted } from '@keyturn/shared/model/counted.ts';
import type { Group } from '../../fleet.ts';
import { unheardInstances } from '../../gates/dependents.ts';
import { reports } from '../../kinds.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import {
  inHoldDown,
  isRequired,
  type ServiceGroups,
  serviceNoun,
  servicesWatched,
} from '../spoken-of.ts';

/** Whose places so many silent ones fill is not worked out every second; that they are silent is told. */
const SILENT_LOOKED_AT_MAX = 1_000;

/** A declared service of a kind that reports shows fewer instances than were declared. */
export const verifierNeverSeen: AlertRule = {
  names: ['VerifierNeverSeen'],
  judge(state, now) {
    if (inHoldDown(state, now)) return [];
    return [...servicesWatched(state)].flatMap((watched) => unheardIn(watched) ?? []);
  },
};

function unheardIn(watched: ServiceGroups): Judgement | undefined {
  const { issuer, service, groups } = watched;
  const group = groups.find(isExpected);
  if (group === undefined) return undefined;
  const about = { name: 'VerifierNeverSeen', labels: { issuer: issuer.issuer, service } } as const;
  if (group.silent.size > SILENT_LOOKED_AT_MAX) return { status: 'unknown', ...about };
  const unheard = unheardInstances(group);
  if (unheard === 0) return undefined;
  const { instances, instancesMax } = group.service;
  const declared = `${instancesMax === null ? '' : 'at least '}${counted(instances ?? 1, 'instance')}`;
  return {
    status: 'present',
    ...about,
    ...(isRequired(watched) ? {} : { severity: 'info' as const }),
    summary:
      instances === null
        ? `no instance of ${serviceNoun(watched)} reports for ${issuer.issuer}`
        : `${serviceNoun(watched)} was declared with ${declared} for ${issuer.issuer}, and ${unheard} of them were never heard`,
    details: [`${counted(group.liveCaches.size, 'instance')} of it report now`],
  };
}

// Nobody waits for a report of a population, or of what people vouch for.
function isExpected({ service, issuer }: Group): boolean {
  return (
    service.declared &&
    service.issuers.includes(issuer) &&
    reports(service.kind) &&
    service.evidence !== 'timed' &&
    service.evidence !== 'attested'
  );
}
