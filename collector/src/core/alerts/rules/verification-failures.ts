import { parseVerifierKey } from '../../detectors/verifier-labels.ts';
import type { IssuerDetectors } from '../../detectors/detectors.ts';
import { firingTop } from '../../detectors/own-alerts.ts';
import type { Series } from '../../detectors/series.ts';
import { tellSeries } from '../../detectors/told.ts';
import type { Now, State } from '../../state.ts';
import type { AlertLabels } from '../alert.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/**
 * Refusals that keys cause, beyond what is usual: one alert for the issuer where its tokens fail
 * everywhere, else one for each service, else for each verifier.
 */
export const verificationFailures: AlertRule = {
  names: ['VerificationFailures'],
  judge: (state, now) => [...topOf(state, now), ...partsOf(state, now)],
};

function topOf(state: State, now: Now): Judgement[] {
  return [...state.detectors.issuers.values()].flatMap((of): Judgement[] => {
    const firing = firingTop(of);
    const first = [...firing].sort((a, b) => (a.firing?.atMs ?? 0) - (b.firing?.atMs ?? 0))[0];
    if (first === undefined) return [];
    const labels = labelsOf(of, first);
    const isUnknown = firing.every((series) => series.firing?.isUnknown === true);
    if (isUnknown) return [{ status: 'unknown', name: 'VerificationFailures', labels }];
    const most = [...firing].sort((a, b) => b.failures - a.failures)[0] ?? first;
    return [
      {
        status: 'present',
        name: 'VerificationFailures',
        labels,
        ...tellSeries(of, most, now),
      },
    ];
  });
}

function partsOf(state: State, now: Now): Judgement[] {
  const judgements: Judgement[] = [];
  for (const series of state.detectors.firing) {
    const { firing, tier, kind } = series;
    if (firing?.isOwn !== true || tier === 'issuer' || tier === 'bucket') continue;
    const of = state.detectors.issuers.get(series.issuer);
    if (of === undefined || kind.name !== 'attributable') continue;
    const labels = { ...labelsOf(of, series), ...placeOf(series) };
    if (firing.isUnknown)
      judgements.push({ status: 'unknown', name: 'VerificationFailures', labels });
    else {
      judgements.push({
        status: 'present',
        name: 'VerificationFailures',
        labels,
        // One verifier among many can wait for the morning, unless somebody is about to go on.
        ...(tier === 'verifier' && firing.rotationId === null ? { severity: 'warning' } : {}),
        ...tellSeries(of, series, now),
      });
    }
  }
  return judgements;
}

function labelsOf(of: IssuerDetectors, { firing }: Series): AlertLabels {
  const rotation = firing?.rotationId ?? null;
  return rotation === null ? { issuer: of.issuer } : { issuer: of.issuer, rotation };
}

function placeOf(series: Series): AlertLabels {
  return series.tier === 'service' ? { service: series.name } : parseVerifierKey(series.name);
}
