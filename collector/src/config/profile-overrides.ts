import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { OverrideSettings } from './schema.ts';

/**
 * A profile as one service runs it. A bound that is not given itself is raised, never lowered, by
 * what is given: a longer refresh means a new key may be refused and a removed one accepted longer.
 */
export function overridden(facts: ProfileFacts, given: OverrideSettings): ProfileFacts {
  const own = {
    refreshS: pick(secondsOrNull(given.refresh), facts.refreshS),
    cooldownS: pick(secondsOrNull(given.cooldown), facts.cooldownS),
    refetchesOnUnknownKid: given.refetches_on_unknown_kid ?? facts.refetchesOnUnknownKid,
    replacesWholeSet: given.replaces_whole_set ?? facts.replacesWholeSet,
    severalCaches: given.several_caches ?? facts.severalCaches,
    cachesVerifiedTokens: given.caches_verified_tokens ?? facts.cachesVerifiedTokens,
    staticKeys: given.static_keys ?? facts.staticKeys,
  };
  const refreshChanged =
    given.refresh !== undefined || given.refetches_on_unknown_kid !== undefined;
  const wait = own.refetchesOnUnknownKid ? own.cooldownS : own.refreshS;
  const waitChanged = refreshChanged || given.cooldown !== undefined;
  return {
    ...facts,
    ...own,
    newKidRefusedS: pick(
      secondsOrNull(given.new_kid_refused),
      waitChanged ? longer(facts.newKidRefusedS, wait) : facts.newKidRefusedS,
    ),
    removedKeyAcceptedS: pick(
      secondsOrNull(given.removed_key_accepted),
      given.refresh === undefined
        ? facts.removedKeyAcceptedS
        : longer(facts.removedKeyAcceptedS, own.refreshS),
    ),
  };
}

/** Null is unbounded, undefined is not given. */
function pick(given: number | null | undefined, otherwise: number | null): number | null {
  return given === undefined ? otherwise : given;
}

function longer(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function secondsOrNull(ms: number | null | undefined): number | null | undefined {
  return ms == null ? ms : ms / 1_000;
}
