import { counted } from '@keyturn/shared/model/counted.ts';
import type { IssuerPolicy } from '../../policy.ts';
import type { State } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { named, NAMED_MAX, type ServiceGroups, servicesWatched } from '../spoken-of.ts';

/** Services named one by one per issuer; the names are reporters' word, so there is a bound. */
export const HIDDEN_NAMED_MAX = 20;

/**
 * A service that reports for an issuer and is not declared for it, where others are: the inventory
 * that gates rely on is not complete. Where nothing is declared, nothing was claimed to be.
 */
export const hiddenDependent: AlertRule = {
  names: ['HiddenDependent'],
  judge(state) {
    const byIssuer = new Map<IssuerPolicy, ServiceGroups[]>();
    for (const watched of servicesWatched(state)) {
      if (!isHidden(watched) || !hasDeclared(state, watched.issuer.issuer)) continue;
      const known = byIssuer.get(watched.issuer);
      if (known === undefined) byIssuer.set(watched.issuer, [watched]);
      else known.push(watched);
    }
    return [...byIssuer].flatMap(([issuer, hidden]) => judgementsOf(issuer, hidden));
  },
};

function judgementsOf({ issuer }: IssuerPolicy, hidden: readonly ServiceGroups[]): Judgement[] {
  const judgements = hidden
    .slice(0, HIDDEN_NAMED_MAX)
    .map((watched): Judgement => present(issuer, watched));
  const more = hidden.length - judgements.length;
  if (more > 0) {
    judgements.push({
      status: 'present',
      name: 'HiddenDependent',
      labels: { issuer },
      summary: `${counted(more, 'more service')} report for ${issuer} and are not declared for it`,
      details: hidden
        .slice(HIDDEN_NAMED_MAX, HIDDEN_NAMED_MAX + NAMED_MAX)
        .map(({ service }) => service),
    });
  }
  return judgements;
}

function present(issuer: string, { service, groups }: ServiceGroups): Judgement {
  let members = 0;
  for (const group of groups) members += group.members.size;
  const isDeclared = groups.some((group) => group.service.declared);
  return {
    status: 'present',
    name: 'HiddenDependent',
    labels: { issuer, service },
    summary: `service ${service} verifies tokens of ${issuer} and is not declared${isDeclared ? ' for it' : ''}: ${counted(members, 'verifier')}`,
    details: named(
      groups.flatMap((group) => [...take(group.members)]),
      members,
      ({ liveness }) => `is ${liveness}`,
    ),
  };
}

function isHidden({ issuer, groups }: ServiceGroups): boolean {
  return groups.some(
    ({ service, members }) => members.size > 0 && !service.issuers.includes(issuer.issuer),
  );
}

function hasDeclared(state: State, issuer: string): boolean {
  for (const { issuers } of state.policy.services.values()) {
    if (issuers.includes(issuer)) return true;
  }
  return false;
}

function* take<T>(members: Iterable<T>): Iterable<T> {
  let left = NAMED_MAX;
  for (const member of members) {
    if (left-- <= 0) return;
    yield member;
  }
}
