import type { Group, Verifier } from './fleet.ts';
import { isReplaced } from './fleet.ts';
import { unheardInstances, waysOf } from './gates/dependents.ts';
import type { Words } from './gates/attested.ts';
import { vouchersOf } from './gates/attested.ts';
import { dropOf } from './gates/purge.ts';
import type { IssuerPolicy } from './policy.ts';
import type { RotationRecord } from './records.ts';
import { rotationFacts } from './rotation.ts';
import type { Now, State } from './state.ts';

/** Why some of a service may still accept the old key. */
export type NotContained =
  | 'not_withdrawn'
  | 'holds_old'
  | 'waiting'
  | 'unbounded'
  | 'unheard'
  | 'unvouched';

/** Every dependent is of one class, and of no other. */
export type DependentClass = NotContained | 'rejects';

/** The dependents of one service by class; what is not there is none. */
export interface ClassShares {
  readonly counts: ReadonlyMap<DependentClass, number>;
  /** For `waiting`, Unix ms. */
  readonly untilMs: number | null;
}

/**
 * Sorts the dependents of one service: its verifiers, its declared instances not heard of, and what
 * of a service nobody hears there may be besides. The order of the classes is that of what is known:
 * who says that it holds the key holds it, silent or doubled or not; who is not heard is nothing else.
 * Goes through the members.
 */
export function classShares(
  state: State,
  rotation: RotationRecord,
  group: Group,
  policy: IssuerPolicy,
  words: Words,
  now: Now,
): ClassShares {
  const way = waysOf(group, rotation);
  const isServed =
    rotation.keyKind === 'public' && rotationFacts(state, rotation).withdrawnAtMs === null;
  const drop = dropOf(state, group, rotation, policy, words, now);
  const byTime: DependentClass =
    drop.kind === 'waiting' || drop.kind === 'unbounded' ? drop.kind : 'rejects';
  const vouched: DependentClass = vouchersOf(words, group) === null ? 'unvouched' : 'rejects';
  const counts = new Map<DependentClass, number>();
  const add = (found: DependentClass, count = 1): void => {
    const key = isServed ? 'not_withdrawn' : found;
    if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
  };
  let members = 0;
  let undecided = 0;
  for (const verifier of group.members) {
    const found = classOf(verifier);
    if (found === undefined) continue;
    members += 1;
    if (found === 'undecided') undecided += 1;
    add(found === 'undecided' ? byTime : found);
  }
  if (way === 'evidence') {
    add('unheard', untoldInstances(group, rotation) + unheardInstances(group));
  } else {
    const others = Math.max(unheardInstances(group), besides());
    add(way === 'attested' ? vouched : byTime, others);
  }
  return { counts, untilMs: drop.kind === 'waiting' ? drop.untilMs : null };

  function classOf(verifier: Verifier): DependentClass | 'undecided' | undefined {
    if (verifier.liveness === 'silent' && isReplaced(group, verifier)) return undefined;
    const holdsOld = verifier.standings.get(rotation.id)?.holdsOld;
    if (holdsOld === 'held') return 'holds_old';
    if (way === 'evidence' && isUnheard(group, rotation, verifier)) return 'unheard';
    if (holdsOld === undefined) return undefined;
    if (way === 'attested') return vouched;
    // Of two processes under one name only one has said that it dropped the key.
    return holdsOld === 'dropped' && !group.contested.has(verifier) ? 'rejects' : 'undecided';
  }

  /** A service that is not heard in full counts for one more than those who are. */
  function besides(): number {
    if (way === 'population' || members === 0) return 1;
    return way === 'timed' && drop.kind !== 'settled' && undecided === 0 ? 1 : 0;
  }
}

/** Caches of the other kind of key are no dependents, but for what nobody hears of them. */
function isUnheard(group: Group, rotation: RotationRecord, verifier: Verifier): boolean {
  if (verifier.liveness !== 'reporting') return true;
  if (!group.contested.has(verifier)) return false;
  return group.liveByKind[rotation.keyKind].has(verifier.record.id.instance);
}

/** Live instances that say nothing of this kind of key. */
function untoldInstances(group: Group, rotation: RotationRecord): number {
  return group.liveCaches.size - group.liveByKind[rotation.keyKind].size;
}
