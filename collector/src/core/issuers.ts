import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { isSecretKey } from '@keyturn/shared/model/secret-keys.ts';
import type { Write } from './writes.ts';
import { allowedLifeMs, lingerTimeMs, noteCacheLife } from './cache-life.ts';
import type { IssuerPolicy } from './policy.ts';
import { keyObservation, observation, rotationOf } from './key-observations.ts';
import type { KeyRecord } from './records.ts';
import { openRotations, restandAll } from './rotation.ts';
import type { Sighting } from './sighting.ts';
import type { IssuerState, Now, State, VantageState } from './state.ts';
import { keyIdentity } from './state.ts';
import { isKnownKid, recountTotals } from './usage.ts';
import { lookAway, noteRead } from './watch.ts';

/** A key counts as there, or as gone, after this many sightings in a row (RFC 5011 pending_count). */
export const SIGHTINGS_IN_A_ROW = 2;

/** Keys remembered per issuer; tombstones are kept for ever, so the bound is generous. */
export const KEYS_PER_ISSUER_MAX = 10_000;

export function emptyIssuer(policy: IssuerPolicy): IssuerState {
  return {
    issuer: policy.issuer,
    vantages: new Map(policy.vantages.map((url) => [url, emptyVantage(url)])),
    cacheLives: [],
    readBeforeMs: null,
    readNotedMs: null,
    watchedSinceMs: null,
    keys: new Map(),
    kids: new Set(),
    reusedKids: new Map(),
    unclaimed: new Set(),
    unread: new Set(policy.vantages),
    paced: false,
  };
}

/** Takes one fetch of a JWKS in; keys become published or withdrawn by what was seen, never by word. */
export function applySighting(state: State, sighting: Sighting, now: Now, writes: Write[]): void {
  const issuer = state.issuers.get(sighting.issuer);
  const vantage = issuer?.vantages.get(sighting.vantage);
  if (issuer === undefined || vantage === undefined) return;
  const wasFailing = vantage.failingSinceMs !== null;
  const first = vantage.latest === null;
  vantage.latest = { atMs: now.atMs, sighting };
  if (first || wasFailing === sighting.result.ok) touchRotations(state, issuer.issuer);
  if (!sighting.result.ok) {
    vantage.consecutiveFailures += 1;
    vantage.failingSinceMs ??= now.atMs;
    if (!wasFailing) {
      writes.push(
        observation(
          now,
          'jwks_unreadable',
          { issuer: issuer.issuer, kid: null, rotationId: rotationOf(state, issuer.issuer, null) },
          `JWKS at ${vantage.url}: ${sighting.result.message}`,
        ),
      );
    }
    return;
  }
  const lifeMs = allowedLifeMs(sighting.result);
  noteCacheLife(issuer, lifeMs, now, writes, lingerTimeMs(state, issuer.issuer));
  const policy = state.policy.issuers.get(issuer.issuer);
  if (policy !== undefined) noteRead(issuer, vantage, policy, now, writes);
  vantage.consecutiveFailures = 0;
  vantage.failingSinceMs = null;
  const { keys } = sighting.result;
  const fresh = keys.map((key) => key.kid).filter((kid) => !isKnownKid(state, issuer.issuer, kid));
  const isBaseline = issuer.unread.delete(vantage.url);
  for (const key of keys) noteKey(state, issuer, key, isBaseline, now, writes);
  recountTotals(state, issuer.issuer, new Set(fresh));
  countRuns(issuer, vantage, sighting.result.keys);
  settleKeys(state, issuer, now, writes);
}

/** Restores a key known before a restart. */
export function restoreKey(issuer: IssuerState, record: KeyRecord): void {
  issuer.keys.set(keyIdentity(record.key), record);
  if (record.unclaimed) issuer.unclaimed.add(keyIdentity(record.key));
  // Only a kid known before can have come back with other material; most have not.
  if (issuer.kids.has(record.key.kid)) noteReuse(issuer, record.key.kid);
  else issuer.kids.add(record.key.kid);
  if (record.publishedAtMs === null) return;
  for (const { served } of issuer.vantages.values()) served.add(keyIdentity(record.key));
}

/** What vantages served lately is not lately any more; keys stay known. */
export function forgetSightings(state: State): void {
  for (const issuer of state.issuers.values()) {
    lookAway(issuer);
    for (const [url, { served }] of issuer.vantages) {
      issuer.vantages.set(url, { ...emptyVantage(url), served });
    }
  }
}

/** Every vantage's latest readable document holds the key. */
export function servedEverywhere(issuer: IssuerState, key: KeyRef): boolean {
  const identity = keyIdentity(key);
  for (const vantage of issuer.vantages.values()) {
    if ((vantage.heldRuns.get(identity) ?? 0) < 1) return false;
  }
  return true;
}

function emptyVantage(url: string): VantageState {
  return {
    url,
    latest: null,
    latestOkAtMs: null,
    consecutiveFailures: 0,
    failingSinceMs: null,
    heldRuns: new Map(),
    missedRuns: new Map(),
    served: new Set(),
  };
}

function noteKey(
  state: State,
  issuer: IssuerState,
  key: KeyRef,
  isBaseline: boolean,
  now: Now,
  writes: Write[],
): void {
  const identity = keyIdentity(key);
  const known = issuer.keys.get(identity);
  const about = () => ({
    issuer: issuer.issuer,
    kid: key.kid,
    rotationId: rotationOf(state, issuer.issuer, key.kid),
  });
  if (known !== undefined) {
    if (known.tombstone === 'retired' && known.withdrawnAtMs !== null) {
      writes.push(
        observation(now, 'retired_key_back', about(), `retired key ${key.kid} is published again`),
      );
    }
    keepDeclaredLifetime(state, issuer, known, writes);
    adoptThumbprint(state, issuer, key, now, writes);
    return;
  }
  if (issuer.keys.size >= KEYS_PER_ISSUER_MAX) {
    state.health.droppedKeys += 1;
    state.health.droppedKeyAtMs = now.atMs;
    return;
  }
  const reused = issuer.kids.has(key.kid);
  const record: KeyRecord = {
    issuer: issuer.issuer,
    key,
    firstSeenAtMs: now.atMs,
    publishedAtMs: null,
    withdrawnAtMs: null,
    tombstone: reused ? 'reused' : null,
    declaredLifetimeMs: state.policy.issuers.get(issuer.issuer)?.maxTokenLifetimeMs ?? null,
    unclaimed: !isBaseline && !reused && !isAnnounced(state, issuer.issuer, key.kid),
  };
  restoreKey(issuer, record);
  writes.push({ kind: 'key', record });
  writes.push(
    reused
      ? observation(now, 'kid_reused', about(), `kid ${key.kid} appeared with other key material`)
      : observation(now, 'key_seen', about(), `key ${key.kid} (${key.alg}) appeared in the JWKS`),
  );
  if (reused) touchRotations(state, issuer.issuer);
  adoptThumbprint(state, issuer, key, now, writes);
}

/** What may be signed while a key is served lives as long as was declared then. */
function keepDeclaredLifetime(
  state: State,
  issuer: IssuerState,
  known: KeyRecord,
  writes: Write[],
): void {
  const declaredMs = state.policy.issuers.get(issuer.issuer)?.maxTokenLifetimeMs ?? null;
  if (declaredMs === null || declaredMs <= (known.declaredLifetimeMs ?? 0)) return;
  const raised = { ...known, declaredLifetimeMs: declaredMs };
  issuer.keys.set(keyIdentity(known.key), raised);
  writes.push({ kind: 'key', record: raised });
}

/** A rotation that named its new key by kid alone takes the key first published under it. */
function adoptThumbprint(
  state: State,
  issuer: IssuerState,
  key: KeyRef,
  now: Now,
  writes: Write[],
): void {
  for (const rotation of openRotations(state)) {
    if (rotation.issuer !== issuer.issuer || rotation.newKid !== key.kid) continue;
    if (rotation.newThumbprint !== null || rotation.keyKind === 'secret') continue;
    const adopted = { ...rotation, newThumbprint: key.thumbprint };
    state.rotations.set(rotation.id, adopted);
    writes.push({ kind: 'rotation', record: adopted });
    restandAll(state, adopted, now);
  }
}

function isAnnounced(state: State, issuer: string, kid: string): boolean {
  return openRotations(state).some(
    (rotation) => rotation.issuer === issuer && rotation.newKid === kid,
  );
}

function countRuns(issuer: IssuerState, vantage: VantageState, keys: readonly KeyRef[]): void {
  const present = new Set(keys.map(keyIdentity));
  for (const [identity, record] of issuer.keys) {
    // No document has a secret, so none shows it published or gone.
    if (isSecretKey(record.key)) continue;
    if (present.has(identity)) {
      const run = (vantage.heldRuns.get(identity) ?? 0) + 1;
      vantage.heldRuns.set(identity, run);
      vantage.missedRuns.delete(identity);
      if (run >= SIGHTINGS_IN_A_ROW) vantage.served.add(identity);
    } else {
      vantage.missedRuns.set(identity, (vantage.missedRuns.get(identity) ?? 0) + 1);
      vantage.heldRuns.delete(identity);
    }
  }
}

function settleKeys(state: State, issuer: IssuerState, now: Now, writes: Write[]): void {
  for (const [identity, record] of issuer.keys) {
    if (isSecretKey(record.key)) continue;
    const settled = settle(issuer, identity, record, now);
    if (settled === record) continue;
    issuer.keys.set(identity, settled);
    writes.push({ kind: 'key', record: settled });
    writes.push(keyObservation(state, record, settled, now));
    for (const rotation of openRotations(state)) {
      if (rotation.issuer === issuer.issuer && concerns(rotation, settled.key)) {
        restandAll(state, rotation, now);
      }
    }
  }
}

/** Gaining needs sightings in a row at every vantage; losing needs one anywhere. */
function settle(issuer: IssuerState, identity: string, record: KeyRecord, now: Now): KeyRecord {
  let heldByAll = true;
  let missedByAll = true;
  let lackedBySome = false;
  for (const vantage of issuer.vantages.values()) {
    if ((vantage.heldRuns.get(identity) ?? 0) < SIGHTINGS_IN_A_ROW) heldByAll = false;
    if ((vantage.missedRuns.get(identity) ?? 0) < SIGHTINGS_IN_A_ROW) missedByAll = false;
    if (vantage.missedRuns.has(identity)) lackedBySome = true;
  }
  const heldBySome = [...issuer.vantages.values()].some((v) => v.heldRuns.has(identity));
  let { publishedAtMs, withdrawnAtMs } = record;
  if (heldByAll) publishedAtMs ??= now.atMs;
  else if (lackedBySome) publishedAtMs = null;
  if (missedByAll) withdrawnAtMs ??= now.atMs;
  else if (heldBySome) withdrawnAtMs = null;
  return publishedAtMs === record.publishedAtMs && withdrawnAtMs === record.withdrawnAtMs
    ? record
    : { ...record, publishedAtMs, withdrawnAtMs };
}

function concerns(
  rotation: { readonly newKid: string; readonly oldKid: string },
  key: KeyRef,
): boolean {
  return rotation.newKid === key.kid || rotation.oldKid === key.kid;
}

function noteReuse(issuer: IssuerState, kid: string): void {
  const all = [...issuer.keys.values()]
    .map((record) => record.key)
    .filter((key) => key.kid === kid);
  if (all.length > 1) issuer.reusedKids.set(kid, all);
}

function touchRotations(state: State, issuer: string): void {
  for (const rotation of openRotations(state)) {
    if (rotation.issuer === issuer) state.unevaluated.add(rotation.id);
  }
}
