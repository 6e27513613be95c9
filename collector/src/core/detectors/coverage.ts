import type { Group } from '../fleet.ts';
import { groupsOfIssuer, isReplaced } from '../fleet.ts';
import { reports } from '../kinds.ts';
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

/**
 * Nobody is left whose tokens it counts, and none is declared: what was taken out of use, all of it with
 * a goodbye or by a person, brings no tokens that could show an end. One that is silent is still there.
 */
export function isDeserted(
  state: State,
  { issuer, tier, name }: Pick<Series, 'issuer' | 'tier' | 'name'>,
): boolean {
  if (tier === 'verifier') return false;
  for (const { members, service } of groupsOfIssuer(state.fleet, issuer)) {
    if (tier === 'service' && service.name !== name) continue;
    const isDeclared =
      service.declared && reports(service.kind) && service.issuers.includes(issuer);
    if (members.size > 0 || isDeclared) return false;
  }
  return true;
}

/** The share of one service of an issuer, or of all, that reported within a lease. */
export function coverage(state: State, issuer: string, service: string | null): number {
  let members = 0;
  let heard = 0;
  for (const group of groupsOfIssuer(state.fleet, issuer)) {
    if (service !== null && group.service.name !== service) continue;
    const unheard = unheardOf(group);
    const { members: all, silent, joined } = group;
    const reporting = all.size - silent.size - joined.size;
    members += reporting + unheard;
    heard += reporting;
  }
  return members === 0 ? 0 : heard / members;
}

/** Those that ought to be heard of: in the place of a silent one another may have come. */
function unheardOf(group: Group): number {
  let unheard = group.joined.size;
  for (const verifier of group.silent) if (!isReplaced(group, verifier)) unheard += 1;
  return unheard;
}
