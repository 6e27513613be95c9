import { counted } from '@keyturn/shared/model/counted.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { GRADES } from '@keyturn/shared/model/evidence.ts';
import type { Group, Verifier } from '../fleet.ts';
import { learnMs } from '../observed/lead.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { countedFacts } from '../watch.ts';
import { fail, noun, offender, pass, quoted, unknown } from './check.ts';
import {
  addContested,
  addUnheard,
  contradicting,
  isBeyondRange,
  isPositive,
  Offenders,
  requiredGroups,
  tooWeak,
  waysOf,
} from './dependents.ts';
import { saidOtherwise } from './last-said.ts';

/** Every instrumented verifier is known, at its required grade, to know the new key. */
export function newKeyKnown(state: State, rotation: RotationRecord, now: Now): Check {
  const found = new Offenders();
  let known = 0;
  for (const group of requiredGroups(state, rotation)) {
    const weak: readonly (readonly [string, ReadonlySet<Verifier>])[] =
      waysOf(group, rotation) === 'evidence'
        ? tooWeak(group, rotation)
        : [
            ...contradicting(group, rotation),
            ['silent', lackedWhenHeard(state, group, rotation, now)],
          ];
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
    if (waysOf(group, rotation) !== 'evidence') continue;
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
    `${counted(found.count, 'verifier')} without evidence of ${noun(rotation)} ${rotation.newKid}`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      sinceMs: found.oldestMs,
      help: `keyturn verifiers --rotation ${rotation.id} --state lagging`,
    },
  );
}

function lackedWhenHeard(
  state: State,
  group: Group,
  rotation: RotationRecord,
  now: Now,
): ReadonlySet<Verifier> {
  const policy = state.policy.issuers.get(rotation.issuer);
  const { publishedAtMs } = countedFacts(state, rotation);
  const boundMs = policy === undefined ? null : learnMs(group, policy);
  const boundAtMs = boundMs === null || publishedAtMs === null ? null : publishedAtMs + boundMs;
  return saidOtherwise(state, group, rotation, 'holds_new', boundAtMs, now);
}

/** Nobody who should report is silent, missing or yet to report. Silence is never consent. */
export function fleetHeard(state: State, rotation: RotationRecord): Check {
  const found = new Offenders();
  let groups = 0;
  for (const group of requiredGroups(state, rotation)) {
    if (waysOf(group, rotation) !== 'evidence') {
      // No word and no bound was given with a process in mind that nobody knew of.
      addContested(group, found);
      continue;
    }
    groups += 1;
    addUnheard(group, rotation, found);
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
    return pass(
      'fleet_heard',
      'coverage',
      `${counted(groups, 'service')} report in full${beyondRange(state, rotation)}`,
    );
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

/** More instances than declared are all judged, but the declaration is not true. */
function beyondRange(state: State, rotation: RotationRecord): string {
  const found = requiredGroups(state, rotation).filter(isBeyondRange);
  const [first] = found;
  if (first === undefined) return '';
  const more = found.length > 1 ? `, and ${counted(found.length - 1, 'more service')}` : '';
  return `; ${first.service.name} shows ${first.liveCaches.size} instances where at most ${first.service.instancesMax} are declared${more}`;
}

function isGrade(state: string): boolean {
  return (GRADES as readonly string[]).includes(state);
}
