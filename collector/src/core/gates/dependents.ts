import type { Grade, NegativeGrade } from '@keyturn/shared/model/evidence.ts';
import { GRADES, isAtLeast } from '@keyturn/shared/model/evidence.ts';
import type { Offender } from '@keyturn/shared/model/verdict.ts';
import { OFFENDERS_SHOWN_MAX } from '@keyturn/shared/model/verdict.ts';
import type { Group, Verifier } from '../fleet.ts';
import { groupsOfIssuer, isReplaced } from '../fleet.ts';
import { cannotFetch, hasToldKeys } from './told-keys.ts';
import { decidesWith } from '../live-caches.ts';
import { instancesAtMost } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { offender } from './check.ts';

/** Offenders of a check: all are counted, only as many as a verdict shows are built. */
export class Offenders {
  readonly shown: Offender[] = [];
  count = 0;
  oldestMs: number | null = null;

  /** Adds every verifier of a set; the cost is that of the shown ones. */
  addAll(
    verifiers: ReadonlySet<Verifier>,
    describe: (verifier: Verifier) => Offender | undefined,
  ): void {
    let hidden = verifiers.size;
    for (const verifier of verifiers) {
      if (this.shown.length >= OFFENDERS_SHOWN_MAX) break;
      hidden -= 1;
      const described = describe(verifier);
      if (described !== undefined) this.add(described);
    }
    this.count += hidden;
  }

  add(found: Offender, times = 1): void {
    this.count += times;
    if (this.shown.length < OFFENDERS_SHOWN_MAX) this.shown.push(found);
    if (found.sinceMs !== null) {
      this.oldestMs =
        this.oldestMs === null ? found.sinceMs : Math.min(this.oldestMs, found.sinceMs);
    }
  }
}

/**
 * By what its verifiers report, by the word of named people, by the bound of a profile, or by the
 * declared refresh of a population.
 */
export type Way = 'evidence' | 'attested' | 'timed' | 'population';

/** The groups whose verifiers may meet tokens of this rotation and whose word is required. */
export function requiredGroups(state: Readonly<State>, rotation: RotationRecord): Group[] {
  const required: Group[] = [];
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    if (group.service.required && concerns(group, rotation)) required.push(group);
  }
  return required;
}

/** A service declared without keys of this kind counts all the same once it is seen to hold one. */
function concerns(group: Group, rotation: RotationRecord): boolean {
  if (decidesWith(group.service.keys, rotation.keyKind)) return true;
  return (group.tallies.get(rotation.id)?.deciding.size ?? 0) > 0;
}

/**
 * How a group's readiness is established. Time brings nobody a secret, so whoever would be judged by
 * it reports, or is vouched for where nobody can report.
 */
export function waysOf({ service }: Group, rotation: Pick<RotationRecord, 'keyKind'>): Way {
  if (rotation.keyKind === 'secret') {
    const isUnseen = service.population !== null || service.kind === 'managed';
    return isUnseen || service.evidence === 'attested' ? 'attested' : 'evidence';
  }
  if (service.population !== null) return 'population';
  if (service.evidence === 'timed') return 'timed';
  return service.evidence === 'attested' ? 'attested' : 'evidence';
}

/** Verifiers by what is known of the new key, over what is too weak for the group's policy. */
export function tooWeak(
  group: Group,
  rotation: RotationRecord,
): [Grade | NegativeGrade, ReadonlySet<Verifier>][] {
  const weak: [Grade | NegativeGrade, ReadonlySet<Verifier>][] = [];
  for (const [grade, verifiers] of group.tallies.get(rotation.id)?.byNew ?? []) {
    if (verifiers.size === 0 || grade === 'silent' || grade === 'never_seen') continue;
    if (!isPositive(grade) || !isAtLeast(grade, group.service.evidence)) {
      weak.push([grade, verifiers]);
    }
  }
  return weak;
}

/**
 * Verifiers that say themselves that they lack the new key: no word and no time outweighs it. Time
 * lets old keys be for a while, where they can be replaced; a person who says that the new one is
 * there contradicts them.
 */
export function contradicting(
  group: Group,
  rotation: RotationRecord,
): [NegativeGrade, ReadonlySet<Verifier>][] {
  const byNew = group.tallies.get(rotation.id)?.byNew;
  const found: [NegativeGrade, ReadonlySet<Verifier>][] = [
    ['absent', byNew?.get('absent') ?? NOBODY],
  ];
  const stale = byNew?.get('stale') ?? NOBODY;
  if (stale.size > 0) {
    const counts =
      waysOf(group, rotation) === 'attested' ? hasToldKeys(rotation) : cannotFetch(rotation);
    found.push(['stale', new Set([...stale].filter(counts))]);
  }
  return found;
}

/** The weakest positive grade some required group relies on; null when none does. */
export function weakestAccepted(groups: readonly Group[], rotation: RotationRecord): Grade | null {
  let weakest: Grade | null = null;
  const lower = (grade: Grade): void => {
    if (weakest === null || isAtLeast(weakest, grade)) weakest = grade;
  };
  for (const group of groups) {
    const way = waysOf(group, rotation);
    if (way !== 'evidence') lower(way === 'attested' ? way : 'timed');
    for (const [grade, verifiers] of group.tallies.get(rotation.id)?.byNew ?? []) {
      if (verifiers.size > 0 && isPositive(grade) && isAtLeast(grade, group.service.evidence)) {
        lower(grade);
      }
    }
  }
  return weakest;
}

/** Declared instances of which nothing is heard. */
export function missingInstances(group: Group): number {
  const expected = group.service.instances;
  if (expected === null) return group.service.declared && group.members.size === 0 ? 1 : 0;
  return Math.max(0, expected - group.liveCaches.size);
}

/** Declared instances of which nothing was ever heard: no verifier known stands for them. */
export function unheardInstances(group: Group): number {
  const missing = missingInstances(group);
  return missing === 0 ? 0 : missing - knownUnheard(group, missing);
}

/** True when more instances report than the declared range has: the inventory is not true. */
export function isBeyondRange(group: Group): boolean {
  const most = group.service.instancesMax;
  return most !== null && group.liveCaches.size > most;
}

/** All declared instances report, and all with positive evidence: stronger than time or word. */
export function hasFullEvidence(group: Group, rotation: RotationRecord): boolean {
  // Of a range, only its upper end is known to be everybody.
  const expected = instancesAtMost(group.service);
  if (expected === null || expected === 0 || group.liveCaches.size < expected) return false;
  // Of two processes under one name only one is heard.
  if (group.contested.size > 0) return false;
  let known = 0;
  for (const [grade, verifiers] of group.tallies.get(rotation.id)?.byNew ?? []) {
    if (grade === 'verified' || grade === 'present' || grade === 'served') known += verifiers.size;
  }
  return known === group.members.size;
}

/** Adds a group's silent, newly joined and missing verifiers, and instances that say half of it. */
export function addUnheard(group: Group, rotation: RotationRecord, found: Offenders): void {
  addUntold(group, rotation, found);
  found.addAll(group.silent, (verifier) =>
    isReplaced(group, verifier)
      ? undefined
      : offender(
          verifier,
          'silent',
          verifier.livenessSinceMs,
          'stopped reporting without a goodbye',
        ),
  );
  found.addAll(group.joined, (verifier) =>
    offender(
      verifier,
      'never_seen',
      verifier.livenessSinceMs,
      'said hello and has not reported yet',
    ),
  );
  // Those that are silent or have just joined are listed as that.
  addContested(
    group,
    found,
    (verifier) => !group.silent.has(verifier) && !group.joined.has(verifier),
  );
  const unheard = unheardInstances(group);
  if (unheard > 0) {
    found.add(
      {
        service: group.service.name,
        instance: '',
        cache: '',
        state: 'never_seen',
        sinceMs: null,
        detail:
          group.service.instances === null
            ? 'no instance has ever reported'
            : `${group.liveCaches.size} of ${atLeast(group.service)} declared instances report`,
      },
      unheard,
    );
  }
}

/** Adds verifiers of which another process runs under the same name: of the two, one is heard. */
export function addContested(
  group: Group,
  found: Offenders,
  isOurs: (verifier: Verifier) => boolean = () => true,
): void {
  found.addAll(group.contested, (verifier) =>
    isOurs(verifier)
      ? offender(
          verifier,
          'duplicate',
          verifier.record.duplicateAtMs ?? verifier.livenessSinceMs,
          'two processes report under this name, and only one of them is heard',
        )
      : undefined,
  );
}

function atLeast({ instances, instancesMax }: Group['service']): string {
  return instancesMax === null ? `${instances}` : `at least ${instances}`;
}

/** Live instances none of whose caches decides with keys of the rotation's kind, as far as is told. */
function addUntold(group: Group, rotation: RotationRecord, found: Offenders): void {
  const telling = group.liveByKind[rotation.keyKind];
  if (telling.size === group.liveCaches.size) return;
  for (const instance of group.liveCaches.keys()) {
    if (telling.has(instance)) continue;
    found.add({
      service: group.service.name,
      instance,
      cache: '',
      state: 'never_seen',
      sinceMs: null,
      detail:
        rotation.keyKind === 'secret'
          ? 'reports its public keys and says nothing of shared secrets'
          : 'says which shared secrets it holds and nothing of public keys',
    });
  }
}

/**
 * Silent verifiers that are counted among those nothing is known of, and block nothing, as others
 * have taken their place. Caches of the other kind of key are not counted there.
 */
export function replacedSilent(group: Group, rotation: RotationRecord): number {
  let replaced = 0;
  for (const verifier of group.silent) {
    if (verifier.standings.has(rotation.id) && isReplaced(group, verifier)) replaced += 1;
  }
  return replaced;
}

export function isPositive(grade: Grade | NegativeGrade): grade is Grade {
  return POSITIVE.has(grade);
}

const POSITIVE: ReadonlySet<string> = new Set(GRADES);
const NOBODY: ReadonlySet<Verifier> = new Set();

/** Instances that report nothing and whose verifiers are known: they said hello, or fell silent. */
function knownUnheard(group: Group, most: number): number {
  const instances = new Set<string>();
  for (const unheard of [group.silent, group.joined]) {
    for (const verifier of unheard) {
      const { instance } = verifier.record.id;
      // A silent cache of a live instance fills no place.
      if (!group.liveCaches.has(instance)) instances.add(instance);
      if (instances.size >= most) return most;
    }
  }
  return instances.size;
}
