import { counted } from '@keyturn/shared/model/counted.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import { algsText, changesAlg } from '../alg.ts';
import type { Group } from '../fleet.ts';
import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { fail, pass, unknown } from './check.ts';
import { hasFullEvidence, requiredGroups, waysOf } from './dependents.ts';

/**
 * Every service takes the new algorithm: a verifier may know a key and still refuse its tokens, and
 * some give up a whole key set over one entry they do not understand. What verifies the old key
 * verifies a new one of the same algorithm.
 */
export function algSupported(state: State, rotation: RotationRecord): Check {
  if (!changesAlg(rotation)) {
    return pass('alg_supported', 'policy', `the algorithm stays ${rotation.alg}`);
  }
  const refusing: Offender[] = [];
  const undecided: Offender[] = [];
  for (const group of requiredGroups(state, rotation)) {
    if (hasProven(group, rotation)) continue;
    const { algs } = group.service.profile;
    if (algs === null) undecided.push(offending(group, 'alg_unknown', rotation));
    else if (!algs.includes(rotation.alg)) refusing.push(offending(group, 'alg_refused', rotation));
  }
  const change = algsText(rotation);
  if (refusing.length > 0) {
    return fail(
      'alg_supported',
      'policy',
      `the algorithm changes (${change}), and ${counted(refusing.length, 'service')} would refuse ${rotation.alg}`,
      {
        offenders: refusing,
        sinceMs: rotation.startedAtMs,
        help: `let those services accept ${rotation.alg}, then say so under services[].overrides.algs in the collector settings`,
      },
    );
  }
  if (undecided.length > 0) {
    return unknown(
      'alg_supported',
      'policy',
      `the algorithm changes (${change}), and nobody said whether ${counted(undecided.length, 'service')} would accept ${rotation.alg}`,
      {
        offenders: undecided,
        sinceMs: rotation.startedAtMs,
        help: 'say which algorithms they accept under services[].overrides.algs in the collector settings',
      },
    );
  }
  return pass('alg_supported', 'policy', `every service accepts ${rotation.alg}`);
}

/** Every one of its verifiers has accepted a token of the new key: stronger than any profile. */
function hasProven(group: Group, rotation: RotationRecord): boolean {
  // Who reports for a service nobody hears in full speaks for itself alone.
  if (waysOf(group, rotation) !== 'evidence' && !hasFullEvidence(group, rotation)) return false;
  const verified = group.tallies.get(rotation.id)?.byNew.get('verified')?.size ?? 0;
  if (verified === 0 || verified < group.members.size || group.contested.size > 0) return false;
  return group.liveCaches.size >= (group.service.instances ?? 1);
}

function offending(group: Group, state: string, rotation: RotationRecord): Offender {
  const { name, profile } = group.service;
  return {
    service: name,
    instance: '',
    cache: '',
    state,
    sinceMs: null,
    detail: `${accepted(profile)}${spoilt(profile, rotation)}`,
  };
}

function accepted({ id, algs }: ProfileFacts): string {
  const whose = id === '' ? 'this service' : `profile ${id}`;
  return algs === null
    ? `which algorithms ${whose} accepts is not known`
    : `${whose} accepts ${algs.join(', ')}`;
}

function spoilt({ unknownKeySpoilsSet }: ProfileFacts, { alg }: RotationRecord): string {
  if (unknownKeySpoilsSet === false) return '';
  return unknownKeySpoilsSet === true
    ? `; a key for ${alg} that it does not understand makes it refuse every key`
    : `; whether a key for ${alg} spoils its whole key set is not known`;
}
