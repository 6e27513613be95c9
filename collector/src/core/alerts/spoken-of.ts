import { counted } from '@keyturn/shared/model/counted.ts';
import { type AlertRecord, isFiring } from './alert.ts';
import type { AlertName } from './catalogue.ts';
import type { Group, Verifier } from '../fleet.ts';
import { groupsOfIssuer, isReplaced } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import { openRotations } from '../rotation.ts';
import type { Now, State } from '../state.ts';

/** Verifiers an alert names; the rest is counted. */
export const NAMED_MAX = 5;

/** What an alert of one service speaks of. */
export interface ServiceGroups {
  readonly issuer: IssuerPolicy;
  readonly service: string;
  /** Kinds of verifier of an undeclared service are kept apart; to a person they are one service. */
  readonly groups: readonly Group[];
}

/** Just after a start nothing has been heard, and silence says nothing. */
export function inHoldDown(state: State, now: Now): boolean {
  return now.atMs < state.health.holdDownUntilMs;
}

/** Every service of every configured issuer that has verifiers or is declared. */
export function* servicesWatched(state: State): Iterable<ServiceGroups> {
  for (const issuer of state.policy.issuers.values()) {
    const byName = new Map<string, Group[]>();
    for (const group of groupsOfIssuer(state.fleet, issuer.issuer)) {
      const known = byName.get(group.service.name);
      if (known === undefined) byName.set(group.service.name, [group]);
      else known.push(group);
    }
    for (const [service, groups] of byName) yield { issuer, service, groups };
  }
}

/** Silent members that nobody stands in for. Costs no more than their number. */
export function missed(groups: readonly Group[]): readonly Verifier[] {
  const found: Verifier[] = [];
  for (const group of groups) {
    const may = mayBeReplaced(group);
    for (const verifier of group.silent) {
      if (!may || !isReplaced(group, verifier)) found.push(verifier);
    }
  }
  return found;
}

/** Somebody of it is not heard now, so that what was found there may go on unseen. */
export function isPartlyUnheard(groups: readonly Group[]): boolean {
  return groups.some((group) => group.joined.size > 0 || isMissedAny(group));
}

/** False where too few report for anybody to stand in; spares looking at each of many. */
function mayBeReplaced({ service, liveCaches }: Group): boolean {
  return service.instances !== null && liveCaches.size >= service.instances;
}

function isMissedAny(group: Group): boolean {
  if (!mayBeReplaced(group)) return group.silent.size > 0;
  for (const verifier of group.silent) if (!isReplaced(group, verifier)) return true;
  return false;
}

/** The service as a sentence names it. */
export function serviceNoun({ service, groups }: ServiceGroups): string {
  const policy = groups[0]?.service;
  if (policy?.declared === false) return `service ${service} (not declared)`;
  return policy?.required === false ? `service ${service} (optional)` : `service ${service}`;
}

/** False where every check leaves the service out. */
export function isRequired({ groups }: ServiceGroups): boolean {
  return groups.some((group) => group.service.required);
}

/** Somebody here is turning a key of this issuer now. */
export function inOwnRotation(state: State, { issuer, control }: IssuerPolicy): boolean {
  return control === 'ours' && openRotations(state).some((rotation) => rotation.issuer === issuer);
}

/** The first few verifiers, each with what is said of it, and how many more there are. */
export function named(
  verifiers: Iterable<Verifier>,
  count: number,
  describe: (verifier: Verifier) => string,
): readonly string[] {
  const lines: string[] = [];
  for (const verifier of verifiers) {
    if (lines.length >= NAMED_MAX) break;
    lines.push(`${verifier.key} ${describe(verifier)}`);
  }
  return count > lines.length
    ? [...lines, `and ${counted(count - lines.length, 'more verifier')}`]
    : lines;
}

/** Alerts of a kind that fire, for what a rule cannot see the end of. */
export function openAlerts(state: State, name: AlertName): readonly AlertRecord[] {
  return [...state.alerts.values()].filter((alert) => alert.name === name && isFiring(alert));
}
