import type { Group } from '../core/fleet.ts';
import type { State } from '../core/state.ts';
import { UNDECLARED } from '../core/verification-counts.ts';
import { reading, type Reading, Sums } from './reading.ts';
import { verificationReadings } from './read-verifications.ts';

/** Verifiers and verifications, from kept counters: the cost is that of services, not of verifiers. */
export function* fleetReadings(state: Readonly<State>): Iterable<Reading> {
  yield* verificationReadings(state);
  const sums = new Sums();
  for (const groups of state.fleet.groups.values()) {
    for (const group of groups.values())
      for (const each of groupReadings(state, group)) sums.add(each);
  }
  yield* sums.values();
  for (const { name, instances } of state.policy.services.values()) {
    if (instances !== null) yield reading('expected', instances, { 'keyturn.service': name });
  }
}

/** A declared service's name, or what stands for all others. */
export function serviceLabel(group: Group): string {
  return group.service.declared ? group.service.name : UNDECLARED;
}

/** A configured issuer, or what stands for all others. */
export function issuerLabel(state: Readonly<State>, issuer: string): string {
  return state.policy.issuers.has(issuer) ? issuer : UNDECLARED;
}

function groupReadings(state: Readonly<State>, group: Group): Reading[] {
  const silent = group.silent.size;
  const joined = group.joined.size;
  const of = {
    'keyturn.issuer': issuerLabel(state, group.issuer),
    'keyturn.service': serviceLabel(group),
  };
  const counts = { reporting: group.members.size - silent - joined, silent, joined };
  return Object.entries(counts).map(([name, count]) =>
    reading('verifiers', count, { ...of, 'keyturn.verifier.state': name }),
  );
}
