import type { Group, Standing, Tally, Verifier } from './fleet.ts';

/** The tally of a rotation in a group, made when missing. */
export function tallyOf(group: Group, rotationId: string): Tally {
  let tally = group.tallies.get(rotationId);
  if (tally === undefined) {
    tally = { byNew: new Map(), byOld: new Map(), deciding: new Set(), lastServedOldAtMs: null };
    group.tallies.set(rotationId, tally);
  }
  return tally;
}

/** Records what is known of a verifier about a rotation; true when a gate can see the difference. */
export function setStanding(
  verifier: Verifier,
  rotation: { readonly id: string; readonly issuer: string },
  next: Standing,
): boolean {
  const before = verifier.standings.get(rotation.id);
  verifier.standings.set(rotation.id, next);
  if (
    before !== undefined &&
    before.holdsNew === next.holdsNew &&
    before.holdsOld === next.holdsOld &&
    before.decides === next.decides
  ) {
    return false;
  }
  for (const group of verifier.groups) {
    if (group.issuer !== rotation.issuer) continue;
    const tally = tallyOf(group, rotation.id);
    moveBetween(tally.byNew, before?.holdsNew, next.holdsNew, verifier);
    moveBetween(tally.byOld, before?.holdsOld, next.holdsOld, verifier);
    if (next.decides) tally.deciding.add(verifier);
    else tally.deciding.delete(verifier);
  }
  return true;
}

/** Takes a verifier out of every count of a rotation. */
export function clearStanding(verifier: Verifier, rotationId: string): void {
  const before = verifier.standings.get(rotationId);
  if (before === undefined) return;
  verifier.standings.delete(rotationId);
  for (const group of verifier.groups) {
    const tally = group.tallies.get(rotationId);
    tally?.byNew.get(before.holdsNew)?.delete(verifier);
    tally?.byOld.get(before.holdsOld)?.delete(verifier);
    tally?.deciding.delete(verifier);
  }
}

function moveBetween<K>(
  sets: Map<K, Set<Verifier>>,
  from: K | undefined,
  to: K,
  verifier: Verifier,
): void {
  if (from !== undefined) sets.get(from)?.delete(verifier);
  const target = sets.get(to);
  if (target === undefined) sets.set(to, new Set([verifier]));
  else target.add(verifier);
}
