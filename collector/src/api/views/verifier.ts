import { isAtLeast } from '@keyturn/shared/model/evidence.ts';
import type { Standing, Verifier } from '../../core/fleet.ts';
import { servicePolicyOf } from '../../core/fleet.ts';
import { isPositive } from '../../core/gates/dependents.ts';
import type { Policy } from '../../core/policy.ts';
import { readingOf } from '../../core/probes/reading.ts';
import type { HeldProbe } from '../../core/probes/record.ts';
import type { HeldKeySet } from '../../core/records.ts';
import type { VerifierState, VerifierView } from '../schemas/fleet.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';

/** A verifier as JSON. */
export function verifierView(policy: Policy, verifier: Verifier): VerifierView {
  const { record } = verifier;
  return {
    ...record.id,
    kind: servicePolicyOf(policy, record).kind,
    states: [...statesOf(policy, verifier, null)],
    state_since_at: isoMoment(verifier.livenessSinceMs),
    profile: record.profile,
    source: record.source,
    first_seen_at: isoMoment(record.firstSeenAtMs),
    reported_at: isoMomentOrNull(record.receivedAtMs),
    duplicate_at: isoMomentOrNull(record.duplicateAtMs),
    key_sets: record.keySets.map(keySetView),
    probes: record.probes.map(probeView),
    rotations: [...verifier.standings].map(([rotationId, standing]) => ({
      rotation_id: rotationId,
      holds_new: standing.holdsNew,
      holds_new_since_at: isoMoment(standing.holdsNewSinceMs),
      holds_old: standing.holdsOld,
      holds_old_since_at: isoMoment(standing.holdsOldSinceMs),
      sufficient: isSufficient(policy, verifier, standing),
      detail: standing.detail,
    })),
  };
}

/** The conditions a verifier is in; with a rotation id, only what concerns that rotation. */
export function statesOf(
  policy: Policy,
  verifier: Verifier,
  rotationId: string | null,
): Set<VerifierState> {
  const states = new Set<VerifierState>([verifier.liveness]);
  if (verifier.liveness === 'departed') return states;
  let synced = false;
  for (const [id, standing] of verifier.standings) {
    if (rotationId !== null && id !== rotationId) continue;
    if (isSufficient(policy, verifier, standing)) synced = true;
    else states.add('lagging');
    if (standing.holdsOld === 'held' || standing.holdsOld === 'served') states.add('holds_old');
  }
  if (synced && !states.has('lagging')) states.add('synced');
  if (verifier.record.keySets.some((set) => set.consecutiveFailures > 0)) states.add('failing');
  return states;
}

function isSufficient(policy: Policy, verifier: Verifier, standing: Standing): boolean {
  const required = servicePolicyOf(policy, verifier.record).evidence;
  return isPositive(standing.holdsNew) && isAtLeast(standing.holdsNew, required);
}

function probeView(held: HeldProbe): VerifierView['probes'][number] {
  const { latest } = held;
  return {
    issuer: held.issuer,
    probed_at: isoMomentOrNull(latest?.atMs ?? null),
    counts_until_at: isoMomentOrNull(latest?.validUntilMs ?? null),
    reading: latest === null ? null : readingOf(latest.answers),
    answers: (latest?.answers ?? []).map((answer) => ({ ...answer })),
    refused_new_at: isoMomentOrNull(held.refusedNew?.atMs ?? null),
    bogus_accepted_at: isoMomentOrNull(held.bogusAcceptedAtMs),
  };
}

function keySetView(set: HeldKeySet): VerifierView['key_sets'][number] {
  return {
    issuer: set.issuer,
    kids: set.keys.map((key) => key.kid),
    data_at: isoMomentOrNull(set.dataAtMs),
    attempt_at: isoMomentOrNull(set.attemptAtMs),
    consecutive_failures: set.consecutiveFailures,
    last_error: set.lastError,
    next_refresh_at: isoMomentOrNull(set.nextRefreshAtMs),
    served_at: isoMomentOrNull(set.servedAtMs),
  };
}
