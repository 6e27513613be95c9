import { moment } from '@keyturn/shared/model/moment.ts';
import { reckonedPolicy } from '../../cache-life.ts';
import { groupsOfIssuer } from '../../fleet.ts';
import type { IssuerPolicy } from '../../policy.ts';
import type { KeyRecord, UsageRecord } from '../../records.ts';
import type { IssuerState, Now, State } from '../../state.ts';
import { isTainted } from '../../tainted-key.ts';
import { dropMs } from '../../timing.ts';
import { alertIdentity, isFiring } from '../alert.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { isPartlyUnheard, openAlerts } from '../spoken-of.ts';

/** An acceptance is news for this long; then it is over, if everybody who could tell is heard. */
const NEWS_MS = 3_600_000;

/**
 * A token was accepted of a key that is gone from the JWKS, later than any cache of a known bound may
 * have kept the key.
 */
export const retiredKeyAccepted: AlertRule = {
  names: ['RetiredKeyAccepted'],
  judge: (state, now) => [...acceptedNow(state, now), ...openUnheard(state)],
};

function* acceptedNow(state: State, now: Now): Iterable<Judgement> {
  for (const usage of state.usage.values()) {
    if (usage.kid === null || now.atMs - usage.lastAcceptedAtMs > NEWS_MS) continue;
    const issuer = state.issuers.get(usage.issuer);
    const policy = state.policy.issuers.get(usage.issuer);
    if (policy === undefined || issuer?.kids.has(usage.kid) !== true) continue;
    const goneMs = goneSince(state, issuer, usage.kid);
    if (goneMs === null || usage.lastAcceptedAtMs <= goneMs + graceMs(state, policy, now)) continue;
    yield present(state, usage, goneMs);
  }
}

function present(
  state: State,
  { issuer, kid, lastAcceptedAtMs }: UsageRecord,
  goneMs: number,
): Judgement {
  const isStolen = isTainted(state, issuer, { kid: kid ?? '', thumbprint: null });
  return {
    status: 'present',
    name: 'RetiredKeyAccepted',
    labels: { issuer, kid: kid ?? '' },
    ...(isStolen ? { severity: 'critical' as const } : {}),
    summary: `tokens of ${kid} of ${issuer} are accepted, and the key is gone since ${moment(goneMs)}`,
    details: [
      ...(isStolen ? ['the key is tainted: somebody else may have signed them'] : []),
      `accepted in the hour before ${moment(lastAcceptedAtMs + 60_000 - (lastAcceptedAtMs % 60_000))}`,
    ],
  };
}

/** Of those that fire and are not seen any more: somebody who is not heard may go on. */
function* openUnheard(state: State): Iterable<Judgement> {
  for (const { name, labels } of openAlerts(state, 'RetiredKeyAccepted')) {
    if (isPartlyUnheard([...groupsOfIssuer(state.fleet, labels.issuer ?? '')])) {
      yield { status: 'unknown', name, labels };
    }
  }
}

/** When every key under this kid was gone, Unix ms; null while one is served. */
function goneSince(state: State, issuer: IssuerState, kid: string): number | null {
  let goneMs: number | null = null;
  for (const record of issuer.keys.values()) {
    if (record.key.kid !== kid) continue;
    const sinceMs = record.withdrawnAtMs ?? buriedAtMs(state, record);
    if (sinceMs === null) return null;
    goneMs = Math.max(goneMs ?? 0, sinceMs);
  }
  // What nobody could fetch for long, verifiers could not see gone either; that ends no alert.
  const labels = { issuer: issuer.issuer, kid };
  const open = state.alerts.get(alertIdentity('RetiredKeyAccepted', labels));
  const isOpen = open !== undefined && isFiring(open);
  const watchedSinceMs = isOpen ? 0 : (issuer.watchedSinceMs ?? 0);
  return goneMs === null ? null : Math.max(goneMs, watchedSinceMs);
}

/** A secret, or a key that is served again: it is gone since the rotation that retired it was completed. */
function buriedAtMs(state: State, { issuer, key, tombstone }: KeyRecord): number | null {
  if (tombstone !== 'retired') return null;
  let endedMs: number | null = null;
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer !== issuer || rotation.oldKid !== key.kid) continue;
    if (rotation.outcome === 'completed') endedMs = Math.max(endedMs ?? 0, rotation.endedAtMs ?? 0);
  }
  return endedMs;
}

/** The longest any reporting verifier with a bound may go on accepting a key that is gone. */
function graceMs(state: State, declared: IssuerPolicy, now: Now): number {
  const policy = reckonedPolicy(state, declared, now.earliestMs);
  let longestMs = policy.originSpreadMs + policy.sharedCachesMs + policy.skewMs;
  for (const { service } of groupsOfIssuer(state.fleet, declared.issuer)) {
    if (service.population !== null) continue;
    longestMs = Math.max(longestMs, dropMs(policy, service.profile) ?? 0);
  }
  return longestMs;
}
