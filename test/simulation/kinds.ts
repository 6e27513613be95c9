import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Source } from '@keyturn/shared/model/report.ts';
import {
  allProfiles,
  type CatalogueEntry,
  profileFacts,
  type ProfileOverrides,
  withOverrides,
} from '@keyturn/shared/profiles/catalogue.ts';
import { SIMULATED, type Simulated } from './kinds-table.ts';

/**
 * When a cache fetches. `lazy`: before use, once older than its refresh; `background`: by a timer;
 * `never`: only on an unknown kid; `per_kid`: lazily, one entry per kid; `static`: not at all.
 */
export type CacheStyle = 'lazy' | 'background' | 'never' | 'per_kid' | 'static';

/**
 * What a cache does, read from what the catalogue says of it to people. Its `gates` are what the
 * collector reckons with, and no part of this: a wrong bound there shows.
 */
export interface Behaviour {
  readonly style: CacheStyle;
  /** How old a set, or an entry, gets; null: time ends nothing. */
  readonly refreshMs: number | null;
  readonly refetches: boolean;
  readonly refetchesOnBadSignature: boolean;
  readonly cooldownMs: number;
  /** From when the cooldown counts: the last fetch, the last forced one, the last forced in vain. */
  readonly cooldownFrom: 'success' | 'forced' | 'miss';
  /** Most forced fetches within a minute. */
  readonly forcedPerMinute: number;
  /** So long before its end a set is fetched anew while it is used. */
  readonly aheadMs: number;
  /** Uses what it has when a refresh fails. */
  readonly staleOnError: boolean;
  /** A failed refresh leaves it with nothing. */
  readonly wipesOnFailure: boolean;
  /** An entry of a key that is gone from the document lives on when it is looked up again. */
  readonly revives: boolean;
  /** What has expired decides once more, while the next is fetched. */
  readonly usesOldMeanwhile: boolean;
  /** A replaced set is tried for so long when no key fits. */
  readonly keepsPreviousMs: number;
  /** From the fetch until the caches have it. */
  readonly lagMs: number;
  /** Entries are taken from a document kept apart: how old that gets; null: no such document. */
  readonly documentMs: number | null;
  /** Accepts what any key of its set verifies. */
  readonly ignoresKid: boolean;
  /** How long an accepted token is accepted again without a look at keys; 0: not at all. */
  readonly tokenCacheMs: number;
  /** Between two tries of a background refresh that fails, and the most it grows to. */
  readonly retryMs: readonly [number, number];
  /** Caches of one process. */
  readonly workers: number;
}

/** One kind of verifier of the catalogue, as it is simulated. */
export interface Kind {
  /** Id in the catalogue. */
  readonly profile: string;
  readonly behaviour: Behaviour;
  /** What can be known of it, and the weakest grade a careful operator would ask for. */
  readonly ways: readonly (readonly [Source, Grade])[];
  /** What the operator states in place of the catalogue's facts. */
  readonly overrides: ProfileOverrides;
}

/** Every profile of the catalogue, in its order. */
export const KINDS: readonly Kind[] = allProfiles().map((entry) => {
  const simulated = SIMULATED[entry.id];
  if (simulated === undefined) {
    throw new Error(`no world has a ${entry.id}: say in kinds-table.ts how it behaves`);
  }
  return kindOfEntry(entry, simulated);
});

/** What gates reckon with for this kind. */
export function factsOf(kind: Kind): ProfileFacts {
  const facts = profileFacts(kind.profile);
  if (facts === undefined) throw new Error(`the catalogue has no profile ${kind.profile}`);
  return withOverrides(facts, kind.overrides);
}

/**
 * A kind whose sets live `times` as long, as its operator configured it and states it. Cooldowns stay
 * what they are.
 */
export function paced(kind: Kind, times: number): Kind {
  const { behaviour } = kind;
  if (times === 1 || behaviour.refreshMs === null) return kind;
  const { refreshS, newKidRefusedS, removedKeyAcceptedS, refetchesOnUnknownKid } = factsOf(kind);
  const longer = (value: number | null): number | null => (value === null ? null : value * times);
  const overrides: ProfileOverrides = {
    ...kind.overrides,
    refreshS: longer(refreshS),
    // One that fetches on an unknown kid learns of a new one no later for refreshing seldom.
    newKidRefusedS: refetchesOnUnknownKid ? newKidRefusedS : longer(newKidRefusedS),
    removedKeyAcceptedS: longer(removedKeyAcceptedS),
  };
  return {
    ...kind,
    overrides,
    behaviour: {
      ...behaviour,
      refreshMs: longer(behaviour.refreshMs),
      keepsPreviousMs: behaviour.keepsPreviousMs * times,
      documentMs: longer(behaviour.documentMs),
    },
  };
}

/** No cache of the fast worlds is older: sets that live for hours live for minutes there. */
const FAST_REFRESH_MS = 900_000;

/** How many times slower a kind refreshes in fast worlds than by default; below 1: faster. */
export function fastOf(kind: number): number {
  const refreshMs = KINDS[kind]?.behaviour.refreshMs ?? null;
  return refreshMs === null || refreshMs <= FAST_REFRESH_MS ? 1 : FAST_REFRESH_MS / refreshMs;
}

function kindOfEntry(entry: CatalogueEntry, { ways, overrides, told }: Simulated): Kind {
  const { style } = told;
  const refreshes = style === 'lazy' || style === 'background' || style === 'per_kid';
  const behaviour: Behaviour = {
    refreshMs: refreshes ? (entry.refresh_default_s ?? 600) * 1_000 : null,
    refetches: entry.refetch_on_unknown_kid === true,
    refetchesOnBadSignature: entry.refetch_on_bad_signature === true,
    cooldownMs: typeof entry.cooldown_s === 'number' ? entry.cooldown_s * 1_000 : 0,
    cooldownFrom: 'success',
    forcedPerMinute: Infinity,
    aheadMs: 0,
    staleOnError: entry.stale_on_error === true,
    wipesOnFailure: entry.fetch_failure_wipes_cache === true,
    revives: false,
    usesOldMeanwhile: false,
    keepsPreviousMs: 0,
    lagMs: 0,
    documentMs: null,
    ignoresKid: false,
    tokenCacheMs: 0,
    retryMs: [5_000, 5_000],
    workers: 1,
    ...told,
  };
  return { profile: entry.id, behaviour, ways, overrides: overrides ?? {} };
}
