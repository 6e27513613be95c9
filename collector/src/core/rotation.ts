import type { Standing, Verifier } from './fleet.ts';
import { groupsOfIssuer } from './fleet.ts';
import { isPositive } from './gates/dependents.ts';
import { decidesWith } from './live-caches.ts';
import type { KeyRecord, RotationRecord } from './records.ts';
import type { RotationFacts } from './standing.ts';
import { standingOf } from './standing.ts';
import type { Now, State } from './state.ts';
import { keyIdentity } from './state.ts';
import { isAtLeast } from '@keyturn/shared/model/evidence.ts';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { clearStanding, setStanding, tallyOf } from './tallies.ts';
import type { Write } from './writes.ts';

/** Where a rotation stands, as observed. */
export type Phase =
  | 'staged'
  | 'published'
  | 'ready'
  | 'active'
  | 'drained'
  | 'withdrawn'
  | 'gone'
  | 'aborted';

/** The gate that a rotation of this phase waits for. */
export const NEXT_GATE: Readonly<Record<Phase, Gate | null>> = {
  staged: 'publish',
  published: 'activate',
  ready: 'activate',
  active: 'retire',
  drained: 'retire',
  withdrawn: 'purge',
  gone: null,
  aborted: null,
};

/** Rotations that are neither completed nor aborted. */
export function openRotations(state: State): RotationRecord[] {
  return [...state.rotations.values()].filter((rotation) => rotation.endedAtMs === null);
}

/** Takes a rotation's next record in. */
export function keepRotation(state: State, rotation: RotationRecord, writes: Write[]): void {
  state.rotations.set(rotation.id, rotation);
  writes.push({ kind: 'rotation', record: rotation });
}

/**
 * What the collector itself has seen of a rotation's keys. Secrets are not published: there, it is
 * what was declared, which phases are named after and no gate opens by.
 */
export function rotationFacts(state: Readonly<State>, rotation: RotationRecord): RotationFacts {
  if (rotation.keyKind === 'secret') return declaredFacts(rotation);
  return {
    publishedAtMs: newKeyRecord(state, rotation)?.publishedAtMs ?? null,
    rolledBackAtMs: rotation.rolledBackAtMs,
    withdrawnAtMs: oldKeyRecord(state, rotation)?.withdrawnAtMs ?? null,
  };
}

// A retirement of before the switch, or of a switch that was rolled back, is none of this one.
function declaredFacts({ declared, rolledBackAtMs, switchedAtMs }: RotationRecord): RotationFacts {
  const retiredAtMs = declared.retire?.atMs ?? null;
  const isOfThisSwitch =
    retiredAtMs !== null && switchedAtMs !== null && retiredAtMs >= switchedAtMs;
  return {
    publishedAtMs: declared.publish?.atMs ?? null,
    rolledBackAtMs,
    withdrawnAtMs: isOfThisSwitch ? retiredAtMs : null,
  };
}

export function newKeyRecord(
  state: Readonly<State>,
  rotation: RotationRecord,
): KeyRecord | undefined {
  return keyRecord(state, rotation.issuer, rotation.newKid, rotation.newThumbprint);
}

export function oldKeyRecord(
  state: Readonly<State>,
  rotation: RotationRecord,
): KeyRecord | undefined {
  return keyRecord(state, rotation.issuer, rotation.oldKid, rotation.oldThumbprint);
}

/**
 * The phase a person would name, from observation and the gates last evaluated: `ready` and
 * `drained` are published and active with their next gate open.
 */
export function phaseOf(state: State, rotation: RotationRecord): Phase {
  if (rotation.outcome === 'aborted') return 'aborted';
  if (rotation.outcome === 'completed') return 'gone';
  const facts = rotationFacts(state, rotation);
  const gates = state.gates.get(rotation.id);
  if (rotation.switchedAtMs !== null) {
    if (facts.withdrawnAtMs !== null) return 'withdrawn';
    return gates?.get('retire')?.status === 'open' ? 'drained' : 'active';
  }
  // An issuer nobody hears from shows its switch by taking the old key away.
  if (rotation.origin === 'observed' && facts.withdrawnAtMs !== null) return 'withdrawn';
  if (facts.publishedAtMs === null) return 'staged';
  return gates?.get('activate')?.status === 'open' ? 'ready' : 'published';
}

/** Open rotations of the issuers this verifier takes tokens from. */
export function watchingRotations(state: State, verifier: Verifier): RotationRecord[] {
  const watching: RotationRecord[] = [];
  for (const rotation of state.rotations.values()) {
    if (rotation.endedAtMs !== null) continue;
    if (verifier.groups.some((group) => group.issuer === rotation.issuer)) watching.push(rotation);
  }
  return watching;
}

/** Works out one verifier's standing anew and keeps the group's counters in step. */
export function restand(
  state: State,
  verifier: Verifier,
  rotation: RotationRecord,
  now: Now,
  how: { readonly departed?: boolean } = {},
): void {
  // A cache of keys of the other kind has no say.
  const decides = decidesWith(verifier.record.cacheKind, rotation.keyKind);
  if (how.departed === true || !decides) {
    clearStanding(verifier, rotation.id);
    state.unevaluated.add(rotation.id);
    return;
  }
  const standing = standingOf(verifier, rotation, rotationFacts(state, rotation), now.atMs);
  noteServedOld(verifier, rotation, standing);
  const before = verifier.standings.get(rotation.id);
  if (!setStanding(verifier, rotation, standing)) return;
  if (before !== undefined && isImproved(before, standing)) {
    state.unevaluated.addImproved(rotation.id);
  } else state.unevaluated.add(rotation.id);
}

/** Works out every standing of a rotation; for when one of its keys was published or withdrawn. */
export function restandAll(state: State, rotation: RotationRecord, now: Now): void {
  state.unevaluated.add(rotation.id);
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    for (const verifier of group.members) restand(state, verifier, rotation, now);
  }
}

/**
 * After a restart: what a verifier was served before its last document is forgotten, so that one may
 * have held the old key.
 */
export function restoreServedOld(state: State, rotation: RotationRecord): void {
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    for (const verifier of group.uncounted) noteServed(verifier, rotation);
  }
}

/** Drops the counters of a rotation that ended. */
export function releaseRotation(state: State, rotation: RotationRecord): void {
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    for (const verifier of group.members) verifier.standings.delete(rotation.id);
    group.tallies.delete(rotation.id);
  }
}

/** Nothing that a gate takes of the new key became weaker. */
function isImproved(before: Standing, after: Standing): boolean {
  if (after.decides && !before.decides) return false;
  if (!isPositive(after.holdsNew)) return false;
  return !isPositive(before.holdsNew) || isAtLeast(after.holdsNew, before.holdsNew);
}

function noteServedOld(verifier: Verifier, rotation: RotationRecord, standing: Standing): void {
  if (standing.holdsOld === 'served') noteServed(verifier, rotation);
}

function noteServed(verifier: Verifier, rotation: RotationRecord): void {
  const set = verifier.record.keySets.find((held) => held.issuer === rotation.issuer);
  if (set?.servedAtMs == null) return;
  for (const group of verifier.groups) {
    if (group.issuer !== rotation.issuer) continue;
    const tally = tallyOf(group, rotation.id);
    tally.lastServedOldAtMs = Math.max(tally.lastServedOldAtMs ?? 0, set.servedAtMs);
  }
}

function keyRecord(
  state: Readonly<State>,
  issuer: string,
  kid: string,
  thumbprint: string | null,
): KeyRecord | undefined {
  if (thumbprint === null) return undefined;
  return state.issuers.get(issuer)?.keys.get(keyIdentity({ kid, thumbprint }));
}
