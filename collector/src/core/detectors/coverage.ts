import type { Group } from '../fleet.ts';
import { groupsOfIssuer } from '../fleet.ts';
import type { State } from '../state.ts';
import type { Series } from './series.ts';

/** The share of a series' verifiers that reported within a lease; 0 when there are none. */
export function coverageOf(state: State, series: Pick<Series, 'issuer' | 'tier' | 'name'>): number {
  if (series.tier === 'verifier') {
    return state.fleet.verifiers.get(series.name)?.liveness === 'reporting' ? 1 : 0;
  }
  return series.tier === 'service'
    ? coverage(state, series.issuer, series.name)
    : coverage(state, series.issuer, null);
}

/** The same, of one service of an issuer or of all. */
export function coverage(state: State, issuer: string, service: string | null): number {
  let members = 0;
  let heard = 0;
  for (const group of groupsOfIssuer(state.fleet, issuer)) {
    if (service !== null && group.service.name !== service) continue;
    members += group.members.size;
    heard += heardOf(group);
  }
  return members === 0 ? 0 : heard / members;
}

function heardOf({ members, silent, joined }: Group): number {
  return members.size - silent.size - joined.size;
}
