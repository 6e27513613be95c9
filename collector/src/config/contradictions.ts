import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import type { ProblemList } from './problem-list.ts';
import type { OverrideSettings } from './schema.ts';

/** Refuses statements about a service of which one makes the other meaningless. */
export function checkOverrides(
  given: OverrideSettings,
  stated: ProfileFacts,
  path: KeyPath,
  problems: ProblemList,
): void {
  const at = (name: string): KeyPath => [...path, 'overrides', name];
  if (given.static_keys === true) {
    for (const name of ['refresh', 'refetches_on_unknown_kid', 'cooldown'] as const) {
      if (given[name] === undefined || given[name] === false) continue;
      problems.add(
        at(name),
        'expected nothing beside static_keys: true, whose keys are not fetched',
      );
    }
    return;
  }
  if (given.cooldown !== undefined && !stated.refetchesOnUnknownKid) {
    problems.add(
      at('cooldown'),
      'expected only where an unknown kid makes it fetch: set refetches_on_unknown_kid: true, or leave it out',
    );
  }
}
