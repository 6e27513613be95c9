import type { Group, Liveness, Verifier } from './fleet.ts';
import { countLive } from './live-caches.ts';

/** Moves a verifier between the liveness sets of one group. */
export function moveInGroup(group: Group, verifier: Verifier, from: Liveness, to: Liveness): void {
  const { instance } = verifier.record.id;
  if (from === 'reporting') {
    countLive(group, verifier.countedAs, instance, -1);
  } else if (from === 'silent') group.silent.delete(verifier);
  else if (from === 'joined') group.joined.delete(verifier);

  if (to === 'departed') {
    group.members.delete(verifier);
    group.uncounted.delete(verifier);
    group.contested.delete(verifier);
    group.stale.delete(verifier);
    return;
  }
  group.members.add(verifier);
  if (verifier.contestedUntilMs > 0) group.contested.add(verifier);
  if (verifier.record.source === 'proxy') group.uncounted.add(verifier);
  else group.uncounted.delete(verifier);
  verifier.countedAs = verifier.record.cacheKind;
  if (to === 'reporting') {
    countLive(group, verifier.countedAs, instance, 1);
  } else if (to === 'silent') group.silent.add(verifier);
  else group.joined.add(verifier);
}
