import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyRecord } from '../../core/records.ts';
import type { IssuerState, State, VantageState } from '../../core/state.ts';
import { usageKey } from '../../core/state.ts';
import { longestLifetimeMs } from '../../core/timing.ts';
import type { IssuerView, ProfileView } from '../schemas/fleet.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';

/** Every configured issuer as the collector sees it. */
export function issuerViews(state: Readonly<State>): IssuerView[] {
  return [...state.issuers.values()].map((issuer) => issuerView(state, issuer));
}

export function profileView(profile: ProfileFacts): ProfileView {
  return {
    id: profile.id,
    name: profile.name,
    refresh_s: profile.refreshS,
    refetches_on_unknown_kid: profile.refetchesOnUnknownKid,
    cooldown_s: profile.cooldownS,
    new_kid_refused_s: profile.newKidRefusedS,
    removed_key_accepted_s: profile.removedKeyAcceptedS,
    replaces_whole_set: profile.replacesWholeSet,
    several_caches: profile.severalCaches,
    caches_verified_tokens: profile.cachesVerifiedTokens,
    static_keys: profile.staticKeys,
    drop_now: profile.dropNow,
    jwks_bytes_max: profile.jwksBytesMax,
    jwks_keys_max: profile.jwksKeysMax,
    algs: profile.algs === null ? null : [...profile.algs],
    unknown_key_spoils_set: profile.unknownKeySpoilsSet,
  };
}

function issuerView(state: Readonly<State>, issuer: IssuerState): IssuerView {
  const policy = state.policy.issuers.get(issuer.issuer);
  const lifetimeMs =
    policy === undefined
      ? null
      : longestLifetimeMs(policy, state.usage.values(), issuer.keys.values());
  const vantages = [...issuer.vantages.values()];
  return {
    issuer: issuer.issuer,
    control: policy?.control ?? 'ours',
    healthy:
      vantages.length > 0 &&
      vantages.every((vantage) => vantage.latest?.sighting.result.ok === true),
    shared_secrets: policy?.sharedSecrets ?? false,
    max_token_lifetime_s: lifetimeMs === null ? null : lifetimeMs / 1_000,
    vantages: vantages.map(vantageView),
    keys: [...issuer.keys.values()].map((record) => keyView(state, record)),
    reused_kids: [...issuer.reusedKids.keys()],
  };
}

/** What the last looks at one address of a JWKS gave. */
export function vantageView(vantage: VantageState): IssuerView['vantages'][number] {
  const result = vantage.latest?.sighting.result;
  const failed = result !== undefined && !result.ok ? result : null;
  return {
    url: vantage.url,
    fetched_at: isoMomentOrNull(vantage.latest?.atMs ?? null),
    readable_at: isoMomentOrNull(vantage.latestOkAtMs),
    consecutive_failures: vantage.consecutiveFailures,
    failing_since_at: isoMomentOrNull(vantage.failingSinceMs),
    error: failed?.error ?? null,
    message: failed?.message ?? null,
  };
}

/** A key as the collector has seen it. */
export function keyView(state: Readonly<State>, record: KeyRecord): IssuerView['keys'][number] {
  const usage = state.usage.get(usageKey(record.issuer, record.key.kid));
  return {
    ...record.key,
    first_seen_at: isoMoment(record.firstSeenAtMs),
    published_at: isoMomentOrNull(record.publishedAtMs),
    withdrawn_at: isoMomentOrNull(record.withdrawnAtMs),
    tombstone: record.tombstone,
    last_accepted_at: isoMomentOrNull(usage?.lastAcceptedAtMs ?? null),
  };
}
