import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Severity } from '../catalogue.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import {
  inHoldDown,
  inOwnRotation,
  isRequired,
  missed,
  named,
  type ServiceGroups,
  serviceNoun,
  servicesWatched,
} from '../spoken-of.ts';
import type { State } from '../../state.ts';

/** A verifier that reported, said no goodbye, and let its lease end: one alert per service. */
export const verifierSilent: AlertRule = {
  names: ['VerifierSilent'],
  judge(state, now) {
    if (inHoldDown(state, now)) return [];
    return [...servicesWatched(state)].flatMap((watched) => silentIn(state, watched) ?? []);
  },
};

function silentIn(state: State, watched: ServiceGroups): Judgement | undefined {
  const { issuer, service, groups } = watched;
  // Members of a population come and go as they like.
  const silent = missed(groups.filter((group) => group.service.population === null));
  if (silent.length === 0) return undefined;
  let sinceMs = Number.POSITIVE_INFINITY;
  for (const verifier of silent) sinceMs = Math.min(sinceMs, verifier.livenessSinceMs);
  return {
    status: 'present',
    name: 'VerifierSilent',
    labels: { issuer: issuer.issuer, service },
    severity: severityOf(state, watched),
    summary: `${counted(silent.length, 'verifier')} of ${serviceNoun(watched)} for ${issuer.issuer} stopped reporting without a goodbye, the first at ${moment(sinceMs)}`,
    details: named(
      silent,
      silent.length,
      ({ record, livenessSinceMs }) =>
        `is silent since ${moment(livenessSinceMs)}${record.receivedAtMs === null ? ' and never reported' : ''}`,
    ),
  };
}

function severityOf(state: State, watched: ServiceGroups): Severity {
  if (!isRequired(watched)) return 'info';
  return inOwnRotation(state, watched.issuer) ? 'critical' : 'warning';
}
