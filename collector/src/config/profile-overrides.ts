import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import { withOverrides } from '@keyturn/shared/profiles/catalogue.ts';
import type { OverrideSettings } from './schema.ts';

/**
 * A profile as one service runs it. A bound that is not given itself is raised, never lowered, by
 * what is given: a longer refresh means a new key may be refused and a removed one accepted longer.
 */
export function overridden(facts: ProfileFacts, given: OverrideSettings): ProfileFacts {
  const stated = withOverrides(facts, {
    refreshS: seconds(given.refresh),
    refetchesOnUnknownKid: given.refetches_on_unknown_kid,
    cooldownS: seconds(given.cooldown),
    newKidRefusedS: seconds(given.new_kid_refused),
    removedKeyAcceptedS: seconds(given.removed_key_accepted),
    replacesWholeSet: given.replaces_whole_set,
    severalCaches: given.several_caches,
    cachesVerifiedTokens: given.caches_verified_tokens,
    staticKeys: given.static_keys,
    dropNow: given.drop_now,
    jwksBytesMax: given.jwks_bytes_max,
    jwksKeysMax: given.jwks_keys_max,
    algs: given.algs,
    unknownKeySpoilsSet: given.unknown_key_spoils_set,
  });
  return withOverrides(stated, {
    newKidRefusedS: given.new_kid_refused === undefined ? raisedRefusal(stated, given) : undefined,
    removedKeyAcceptedS:
      given.removed_key_accepted === undefined && given.refresh !== undefined
        ? longer(stated.removedKeyAcceptedS, stated.refreshS)
        : undefined,
  });
}

/** A verifier that refetches when it meets an unknown kid waits for its cooldown, others for a refresh. */
function raisedRefusal(stated: ProfileFacts, given: OverrideSettings): number | null | undefined {
  const changed = [given.refresh, given.cooldown, given.refetches_on_unknown_kid];
  if (changed.every((value) => value === undefined)) return undefined;
  const waitS = stated.refetchesOnUnknownKid ? stated.cooldownS : stated.refreshS;
  return longer(stated.newKidRefusedS, waitS);
}

/** Null is unbounded. */
function longer(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function seconds(ms: number | null | undefined): number | null | undefined {
  return ms == null ? ms : ms / 1_000;
}
