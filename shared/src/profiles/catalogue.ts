import type { ProfileFacts } from '../model/profile.ts';
import catalogue from './catalogue.json' with { type: 'json' };

/** What is known of one kind of verifier, as people read it; fields are named as in the file. */
export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  readonly ecosystem: string;
  /** Version whose behaviour was looked at. */
  readonly version_read: string | null;
  readonly source: string;
  /** `ran`, `src`, `doc`, `gk`: see the file's legend. */
  readonly evidence: readonly string[];
  readonly cache_kind: string | null;
  readonly refresh_default_s: number | null;
  readonly refresh_mode: string | null;
  readonly refetch_on_unknown_kid: boolean | string | null;
  readonly refetch_on_bad_signature: boolean | string | null;
  readonly cooldown_s: number | string | null;
  readonly negative_caching: string | null;
  readonly honours_cache_control: boolean | string | null;
  readonly stale_on_error: boolean | string | null;
  readonly stale_on_error_max_s: number | null;
  readonly fetch_failure_wipes_cache: boolean | null;
  readonly max_new_kid_rejection_s: number | null;
  readonly max_acceptance_after_removal_s: number | null;
  readonly acceptance_after_removal_unbounded: boolean | null;
  readonly removed_key_purged_by_unknown_kid_probe: string | null;
  readonly verified_token_cache: string | null;
  readonly check_order: string | null;
  readonly errors: Readonly<Record<string, string>> | null;
  readonly observability: readonly string[];
  readonly notes: string | null;
  readonly general_knowledge_fields: readonly string[];
  /** What gates reckon with; `why` says where it is stricter than the rest of the entry. */
  readonly gates: {
    readonly refresh_s: number | null;
    readonly refetches_on_unknown_kid: boolean;
    readonly cooldown_s: number | null;
    readonly new_kid_refused_s: number | null;
    readonly removed_key_accepted_s: number | null;
    readonly replaces_whole_set: boolean;
    readonly several_caches: boolean;
    readonly caches_verified_tokens: boolean;
    readonly static_keys: boolean;
    /** What makes one verifier give up a removed key at once, in the order to try. */
    readonly drop_now: string;
    readonly jwks_bytes_max: number | null;
    readonly jwks_keys_max: number | null;
    readonly algs: readonly string[] | null;
    readonly unknown_key_spoils_set: boolean | null;
    readonly why: string;
  };
}

// The compiler infers a union of 45 shapes from the file; the catalogue's test holds it to this one.
const ENTRIES = catalogue.profiles as unknown as readonly CatalogueEntry[];

const FACTS: ReadonlyMap<string, ProfileFacts> = new Map(
  ENTRIES.map((entry) => [entry.id, factsOf(entry)]),
);

/** For a verifier of which nothing is known: nothing ends by itself, nothing repairs itself. */
export const UNKNOWN_PROFILE: ProfileFacts = {
  id: '',
  name: 'unknown verifier',
  refreshS: null,
  refetchesOnUnknownKid: false,
  cooldownS: null,
  newKidRefusedS: null,
  removedKeyAcceptedS: null,
  replacesWholeSet: false,
  severalCaches: true,
  cachesVerifiedTokens: true,
  staticKeys: false,
  dropNow:
    'Restart every process of it: nothing is known of how it keeps keys. Then try an old token.',
  jwksBytesMax: null,
  jwksKeysMax: null,
  algs: null,
  unknownKeySpoilsSet: null,
};

/** Every profile, in the order of the file. */
export function allProfiles(): readonly CatalogueEntry[] {
  return ENTRIES;
}

/** What gates know of each profile, by id. */
export function allProfileFacts(): ReadonlyMap<string, ProfileFacts> {
  return FACTS;
}

/** What gates know of one profile; undefined when the catalogue has no such id. */
export function profileFacts(id: string): ProfileFacts | undefined {
  return FACTS.get(id);
}

/** Facts an operator can state of one service. */
export type ProfileOverrides = {
  readonly [K in keyof Omit<ProfileFacts, 'id' | 'name'>]?: ProfileFacts[K] | undefined;
};

/** `facts` with what the operator states in their place; undefined states nothing, null no bound. */
export function withOverrides(facts: ProfileFacts, overrides: ProfileOverrides): ProfileFacts {
  const stated = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...facts, ...Object.fromEntries(stated) };
}

function factsOf({ id, name, gates }: CatalogueEntry): ProfileFacts {
  return {
    id,
    name,
    refreshS: gates.refresh_s,
    refetchesOnUnknownKid: gates.refetches_on_unknown_kid,
    cooldownS: gates.cooldown_s,
    newKidRefusedS: gates.new_kid_refused_s,
    removedKeyAcceptedS: gates.removed_key_accepted_s,
    replacesWholeSet: gates.replaces_whole_set,
    severalCaches: gates.several_caches,
    cachesVerifiedTokens: gates.caches_verified_tokens,
    staticKeys: gates.static_keys,
    dropNow: gates.drop_now,
    jwksBytesMax: gates.jwks_bytes_max,
    jwksKeysMax: gates.jwks_keys_max,
    algs: gates.algs,
    unknownKeySpoilsSet: gates.unknown_key_spoils_set,
  };
}
