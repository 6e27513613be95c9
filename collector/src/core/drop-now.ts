import type { Group } from './fleet.ts';
import type { RotationRecord } from './records.ts';

/** What makes one service give up the old key at once, for the person who has to do it. */
export function dropNowOf({ service }: Group, rotation: RotationRecord): string {
  if (rotation.keyKind === 'secret') {
    return 'Take the old secret out of its settings and restart every process of it. Then try an old token.';
  }
  const { profile } = service;
  if (service.population !== null && profile.id === '') {
    return service.population.dropsWithRefresh
      ? 'Nothing from here: its instances drop the key with their next refresh.'
      : 'Nothing from here: nobody can reach its instances.';
  }
  return profile.dropNow;
}
