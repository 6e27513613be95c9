import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { OldKeyStanding, Standing, Verifier } from './fleet.ts';
import { keySetOf, lastAcceptedMs, type NewKeyStanding, unheardStanding } from './latest-report.ts';
import { type ProbeProof, probeProof } from './probes/reading.ts';
import type { HeldKeySet, RotationRecord, VerifierRecord } from './records.ts';
import { newSecretStanding, oldSecretStanding } from './secrets/standing.ts';

/** What the collector itself knows of a rotation's keys; null while not so. */
export interface RotationFacts {
  /** Tpub: the new key is served at every vantage since then. */
  readonly publishedAtMs: number | null;
  /** The signer went back to the old key then: what was known before does not count for the next switch. */
  readonly rolledBackAtMs: number | null;
  /** Tremoved: the old key is served nowhere since then. */
  readonly withdrawnAtMs: number | null;
}

/**
 * What one verifier's latest report proves about both keys of a rotation. Only what was observed
 * after the key was published everywhere (or withdrawn everywhere) counts: an earlier fetch may have
 * come from one early replica and be undone by the next.
 */
export function standingOf(
  verifier: Verifier,
  rotation: RotationRecord,
  facts: RotationFacts,
  nowMs: number,
): Standing {
  const before = verifier.standings.get(rotation.id);
  const profile = profileOf(verifier);
  const isSecret = rotation.keyKind === 'secret';
  const next = isSecret
    ? newSecretStanding(verifier, rotation, profile)
    : newKeyStanding(verifier, rotation, facts, profile, nowMs);
  const holdsOld = isSecret
    ? oldSecretStanding(verifier, rotation, profile)
    : oldKeyStanding(verifier, rotation, facts, profile);
  return {
    holdsNew: next.grade,
    holdsNewSinceMs: before?.holdsNew === next.grade ? before.holdsNewSinceMs : nowMs,
    holdsOld,
    holdsOldSinceMs: before?.holdsOld === holdsOld ? before.holdsOldSinceMs : nowMs,
    decides: showsUse(verifier, rotation) || (isUnheard(next.grade) && before?.decides === true),
    detail: next.detail,
  };
}

/** Whatever was declared of it: its last report has one of both keys, or it took a token of one. */
function showsUse({ record }: Verifier, rotation: RotationRecord): boolean {
  const { issuer, oldKid, newKid } = rotation;
  const isSecret = rotation.keyKind === 'secret';
  const held = keySetOf(record.keySets, issuer)?.keys ?? [];
  return [oldKid, newKid].some(
    (kid) =>
      held.some((key) => key.kid === kid && (key.thumbprint === '') === isSecret) ||
      lastAcceptedMs(record.counts, issuer, kid) > 0,
  );
}

function isUnheard(grade: NewKeyStanding['grade']): boolean {
  return grade === 'silent' || grade === 'never_seen';
}

/** Does a fetched document count as the verifier's own key set? Not for caches it says nothing of. */
export function servedCounts(profile: ProfileFacts): boolean {
  if (profile.staticKeys) return false;
  // Whichever cache meets the new kid first then asks the proxy, which is known to have it.
  if (profile.refetchesOnUnknownKid && profile.cooldownS === 0) return true;
  return profile.replacesWholeSet && !profile.severalCaches;
}

function profileOf(verifier: Verifier): ProfileFacts {
  const group = verifier.groups[0];
  if (group === undefined) throw new Error(`${verifier.key} is in no group`);
  return group.service.profile;
}

function newKeyStanding(
  verifier: Verifier,
  rotation: RotationRecord,
  facts: RotationFacts,
  profile: ProfileFacts,
  nowMs: number,
): NewKeyStanding {
  const { record } = verifier;
  const unheard = unheardStanding(verifier);
  if (unheard !== undefined) return unheard;
  const set = keySetOf(record.keySets, rotation.issuer);
  const other = set?.keys.find(
    (key) => key.kid === rotation.newKid && key.thumbprint !== rotation.newThumbprint,
  );
  if (other !== undefined && rotation.newThumbprint !== null) {
    return { grade: 'absent', detail: 'holds other key material under the new kid' };
  }
  if (facts.publishedAtMs === null || (record.observedAtMs ?? 0) < facts.publishedAtMs) {
    return { grade: 'stale', detail: 'last report is older than the publication of the new key' };
  }
  const { rolledBackAtMs } = facts;
  if (rolledBackAtMs !== null && (record.observedAtMs ?? 0) <= rolledBackAtMs) {
    return { grade: 'stale', detail: 'last report is older than the rollback' };
  }
  const fromMs = Math.max(facts.publishedAtMs, rolledBackAtMs === null ? 0 : rolledBackAtMs + 1);
  const probe = probeOf(record, rotation, facts.publishedAtMs, fromMs, nowMs);
  const acceptedAtMs = probe.takesAnything
    ? 0
    : lastAcceptedMs(record.counts, rotation.issuer, rotation.newKid);
  if (
    probe.lacksNewAtMs !== null &&
    (profile.severalCaches || acceptedAtMs <= probe.lacksNewAtMs)
  ) {
    return {
      grade: 'absent',
      detail: 'refused a canary token of the new key while it accepted the current one',
    };
  }
  const holds = holdsKey(set, rotation.newKid, rotation.newThumbprint);
  if (record.source === 'proxy') {
    return isProbedBehindProxy(set, holds, probe, profile)
      ? PROBED
      : proxied(set, holds, facts.publishedAtMs, profile);
  }
  const accepted = acceptedAtMs >= fromMs;
  const standing = direct(
    set,
    holds,
    accepted || probe.knowsNewAtMs !== null,
    facts.publishedAtMs,
    profile,
  );
  return standing.grade === 'verified' && !accepted ? PROBED : standing;
}

const PROBED: NewKeyStanding = {
  grade: 'verified',
  detail: 'accepted a canary token of the new key, and refused a bogus one',
};

/** A refusal counts since publication, an acceptance since `fromMs`. */
function probeOf(
  record: VerifierRecord,
  rotation: RotationRecord,
  publishedAtMs: number,
  fromMs: number,
  nowMs: number,
): ProbeProof {
  const held = record.probes.find((probe) => probe.issuer === rotation.issuer);
  const key = { kid: rotation.newKid, thumbprint: rotation.newThumbprint ?? '' };
  const proof = probeProof(held, key, publishedAtMs, nowMs);
  const isHistory = proof.knowsNewAtMs !== null && proof.knowsNewAtMs < fromMs;
  return isHistory ? { ...proof, knowsNewAtMs: null } : proof;
}

/** A probe speaks for the one cache it met, until that is served a document without the key. */
function isProbedBehindProxy(
  set: HeldKeySet | undefined,
  holds: boolean,
  probe: ProbeProof,
  profile: ProfileFacts,
): boolean {
  if (probe.knowsNewAtMs === null || profile.severalCaches) return false;
  return holds || (set?.servedAtMs ?? 0) < probe.knowsNewAtMs;
}

function proxied(
  set: HeldKeySet | undefined,
  holds: boolean,
  publishedAtMs: number,
  profile: ProfileFacts,
): NewKeyStanding {
  if (holds && set?.servedAtMs != null && servedCounts(profile)) {
    return { grade: 'served', detail: 'was served a document with the new key' };
  }
  if (set?.servedAtMs == null) {
    return { grade: 'stale', detail: 'has never fetched from the proxy' };
  }
  if (fetchesOnDemand(set, profile)) {
    return {
      grade: 'fetchable',
      detail: holds
        ? 'was served the new key, which this kind of verifier may not keep; it fetches when it meets an unknown kid'
        : 'has not fetched the new key; it would when it meets an unknown kid',
    };
  }
  if (holds) {
    return {
      grade: 'stale',
      detail: 'was served the new key, but several caches may stand behind this address',
    };
  }
  if (set.servedAtMs >= publishedAtMs) {
    return { grade: 'absent', detail: 'was served a fresh document without the new key' };
  }
  return { grade: 'stale', detail: 'has not fetched since the new key was published' };
}

function direct(
  set: HeldKeySet | undefined,
  holds: boolean,
  accepted: boolean,
  publishedAtMs: number,
  profile: ProfileFacts,
): NewKeyStanding {
  // Keys told without their age are known all the same: an acceptance before does not outweigh them.
  const known = set !== undefined && (set.dataAtMs !== null || set.keys.length > 0);
  // One acceptance speaks for the cache it met; which keys the others hold is not known.
  if (accepted && (holds || (!known && !profile.severalCaches))) {
    return { grade: 'verified', detail: 'accepted a token signed by the new key' };
  }
  if (holds) return { grade: 'present', detail: 'holds the new key' };
  if (fetchesOnDemand(set, profile)) {
    return {
      grade: 'fetchable',
      detail: 'does not hold the new key; it would fetch when it meets an unknown kid',
    };
  }
  if (profile.staticKeys && set !== undefined && set.keys.length > 0) {
    return { grade: 'absent', detail: 'its configured keys do not have the new one' };
  }
  if (known && (set.dataAtMs ?? 0) >= publishedAtMs) {
    return { grade: 'absent', detail: 'fetched after publication and did not get the new key' };
  }
  const detail = known
    ? 'holds keys fetched before the new key was published'
    : 'has not said which keys it holds';
  return { grade: 'stale', detail };
}

function oldKeyStanding(
  verifier: Verifier,
  rotation: RotationRecord,
  facts: RotationFacts,
  profile: ProfileFacts,
): OldKeyStanding {
  const { record } = verifier;
  if (verifier.liveness !== 'reporting' || record.observedAtMs === null) return 'unknown';
  const set = keySetOf(record.keySets, rotation.issuer);
  const holds = holdsKey(set, rotation.oldKid, rotation.oldThumbprint);
  const known = set !== undefined && set.dataAtMs !== null;
  const proxy = record.source === 'proxy';
  if (holds) return proxy ? 'served' : 'held';
  if (facts.withdrawnAtMs === null || !known) return 'unknown';
  // Accepted with keys fetched after the withdrawal: something behind the set still trusts the key.
  const acceptedAtMs = lastAcceptedMs(record.counts, rotation.issuer, rotation.oldKid);
  if (acceptedAtMs > Math.max(facts.withdrawnAtMs, set.dataAtMs ?? 0)) return 'held';
  const seenAtMs = proxy ? set.servedAtMs : record.observedAtMs;
  if (seenAtMs === null || seenAtMs < facts.withdrawnAtMs) return 'unknown';
  if (profile.cachesVerifiedTokens) return 'unknown';
  // A document without the key says nothing of entries kept one by one, or of other workers' sets.
  if (proxy && (!profile.replacesWholeSet || profile.severalCaches)) return 'unknown';
  return 'dropped';
}

function fetchesOnDemand(set: HeldKeySet | undefined, profile: ProfileFacts): boolean {
  return (
    profile.refetchesOnUnknownKid &&
    profile.cooldownS !== null &&
    // The endpoint has answered, and did so last.
    set?.dataAtMs != null &&
    set.consecutiveFailures === 0
  );
}

function holdsKey(set: HeldKeySet | undefined, kid: string, thumbprint: string | null): boolean {
  if (set === undefined || thumbprint === null) return false;
  return set.keys.some((key) => key.kid === kid && key.thumbprint === thumbprint);
}
