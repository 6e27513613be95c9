import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { GRADES } from '@keyturn/shared/model/evidence.ts';
import type { Group, Verifier } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { propagationMs } from '../timing.ts';
import { fail, offender, pass, quoted, unknown } from './check.ts';
import {
  addUnheard,
  contradicting,
  isAttested,
  isPositive,
  Offenders,
  requiredGroups,
  tooWeak,
  waysOf,
} from './dependents.ts';

/** Every instrumented verifier is known, at its required grade, to know the new key. */
export function newKeyKnown(state: State, rotation: RotationRecord): Check {
  const found = new Offenders();
  let known = 0;
  for (const group of requiredGroups(state, rotation)) {
    const weak: readonly (readonly [string, ReadonlySet<Verifier>])[] =
      waysOf(group) === 'evidence'
        ? tooWeak(group, rotation)
        : [['absent', contradicting(group, rotation)]];
    for (const [grade, verifiers] of weak) {
      found.addAll(verifiers, (verifier) => {
        const standing = verifier.standings.get(rotation.id);
        return offender(
          verifier,
          grade,
          standing?.holdsNewSinceMs ?? null,
          `${standing?.detail ?? ''}${isGrade(grade) ? `; the policy asks for ${group.service.evidence}` : ''}`,
        );
      });
    }
    if (waysOf(group) !== 'evidence') continue;
    for (const [grade, verifiers] of group.tallies.get(rotation.id)?.byNew ?? []) {
      if (isPositive(grade)) known += verifiers.size;
    }
  }
  if (found.count === 0) {
    return pass(
      'new_key_known',
      'evidence',
      `${counted(known, 'verifier')} with evidence of ${rotation.newKid}`,
    );
  }
  return fail(
    'new_key_known',
    'evidence',
    `${counted(found.count, 'verifier')} without evidence of key ${rotation.newKid}`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      sinceMs: found.oldestMs,
      help: `keyturn verifiers --rotation ${rotation.id} --state lagging`,
    },
  );
}

/** Nobody who should report is silent, missing or yet to report. Silence is never consent. */
export function fleetHeard(state: State, rotation: RotationRecord): Check {
  const found = new Offenders();
  let groups = 0;
  for (const group of requiredGroups(state, rotation)) {
    if (waysOf(group) !== 'evidence') continue;
    groups += 1;
    addUnheard(group, found);
  }
  if (groups === 0 && requiredGroups(state, rotation).length === 0) {
    return unknown(
      'fleet_heard',
      'coverage',
      'no verifier of this issuer is declared and none has reported, so nothing is known',
      { help: 'declare the services that verify this issuer in the collector settings' },
    );
  }
  if (found.count === 0) {
    return pass('fleet_heard', 'coverage', `${counted(groups, 'service')} report in full`);
  }
  const silent = found.shown.find((entry) => entry.state === 'silent');
  return unknown(
    'fleet_heard',
    'coverage',
    `nothing is known of ${counted(found.count, 'verifier')} that should report`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      sinceMs: found.oldestMs,
      help:
        silent === undefined
          ? 'keyturn doctor'
          : `keyturn remove ${quoted(silent.service)} ${quoted(silent.instance)} --reason "gone for good"`,
    },
  );
}

/** Services that cannot report are vouched for by a named person. */
export function attestedFor(
  state: State,
  rotation: RotationRecord,
  fact: 'holds_new' | 'rejects_old',
  now: Now,
): Check {
  const groups = requiredGroups(state, rotation).filter((group) => waysOf(group) === 'attested');
  const found = new Offenders();
  for (const group of groups) {
    if (isAttested(state, group, rotation, fact, now)) continue;
    if (fact === 'holds_new' && hasFullEvidence(group, rotation)) continue;
    found.add(unattested(group, rotation));
  }
  if (found.count === 0) {
    const message =
      groups.length === 0
        ? 'no service depends on attestation'
        : `${counted(groups.length, 'service')} vouched for`;
    return pass('attested', 'policy', message);
  }
  const [first] = found.shown;
  return fail('attested', 'policy', `${counted(found.count, 'service')} nobody has vouched for`, {
    offenders: found.shown,
    offenderCount: found.count,
    sinceMs: found.oldestMs,
    help: `keyturn attest ${quoted(first?.service ?? '')} --rotation ${rotation.id} --fact ${fact} --reason "how you know" --valid-for 1d`,
  });
}

/** Services judged by time alone, where policy says so: now >= Tpub + Pv + Spub. */
export function timedReady(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const groups = requiredGroups(state, rotation).filter(
    (group) => waysOf(group) === 'timed' && !hasFullEvidence(group, rotation),
  );
  if (groups.length === 0)
    return pass('time_elapsed', 'time', 'no service is judged by time alone');
  const { publishedAtMs } = rotationFacts(state, rotation);
  if (publishedAtMs === null) {
    return unknown('time_elapsed', 'time', 'time counts from publication, which has not been seen');
  }
  let readyAtMs = 0;
  for (const group of groups) {
    const boundMs = propagationMs(policy, group.service.profile);
    if (boundMs === null) {
      return unknown(
        'time_elapsed',
        'time',
        `profile ${group.service.profile.id} of service ${group.service.name} has no bound, so time proves nothing`,
      );
    }
    readyAtMs = Math.max(readyAtMs, publishedAtMs + boundMs + state.policy.publishSafetyMs);
  }
  if (now.earliestMs >= readyAtMs) {
    return pass(
      'time_elapsed',
      'time',
      `long enough published for ${counted(groups.length, 'service')}`,
    );
  }
  return fail(
    'time_elapsed',
    'time',
    `${counted(groups.length, 'service')} judged by time may lack the new key until ${moment(readyAtMs)}`,
    { sinceMs: publishedAtMs, clearsAtMs: readyAtMs },
  );
}

function isGrade(state: string): boolean {
  return (GRADES as readonly string[]).includes(state);
}

/** All declared instances report, and all with positive evidence: stronger than time or word. */
function hasFullEvidence(group: Group, rotation: RotationRecord): boolean {
  const expected = group.service.instances;
  if (expected === null || expected === 0 || group.liveCaches.size < expected) return false;
  // Of two processes under one name only one is heard.
  if (group.contested.size > 0) return false;
  let known = 0;
  for (const [grade, verifiers] of group.tallies.get(rotation.id)?.byNew ?? []) {
    if (grade === 'verified' || grade === 'present' || grade === 'served') known += verifiers.size;
  }
  return known === group.members.size;
}

function unattested(group: Group, rotation: RotationRecord) {
  return {
    service: group.service.name,
    instance: '',
    cache: '',
    state: 'unattested',
    sinceMs: rotation.startedAtMs,
    detail: group.service.profile.staticKeys
      ? 'its keys are configured, not fetched'
      : 'its settings ask for a named person to vouch',
  };
}
