import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { OldKeyStanding, Verifier } from '../fleet.ts';
import {
  keySetOf,
  lastAcceptedMs,
  type NewKeyStanding,
  unheardStanding,
} from '../latest-report.ts';
import { takesAnything } from '../probes/record.ts';
import type { HeldKeySet, RotationRecord } from '../records.ts';

/** A token may be on its way through a verifier that drops its secret, and reports take their time. */
const ACCEPTED_LATE_MS = 10_000;

/**
 * What one verifier's latest report proves about the new secret of a rotation. Nothing is fetched, so
 * only two things do: the verifier says that it holds the id, or has accepted a token under it. Both
 * count from the start of the rotation: what was said before may have been of another plan.
 */
export function newSecretStanding(
  verifier: Verifier,
  rotation: RotationRecord,
  profile: ProfileFacts,
): NewKeyStanding {
  const { record } = verifier;
  const unheard = unheardStanding(verifier);
  if (unheard !== undefined) return unheard;
  if (record.source === 'proxy') {
    return { grade: 'stale', detail: 'is behind the proxy, where no secret is ever seen' };
  }
  if ((record.observedAtMs ?? 0) < rotation.startedAtMs) {
    return { grade: 'stale', detail: 'last report is older than the rotation' };
  }
  const rolledBackAtMs = rotation.rolledBackAtMs ?? null;
  if (rolledBackAtMs !== null && (record.observedAtMs ?? 0) <= rolledBackAtMs) {
    return { grade: 'stale', detail: 'last report is older than the rollback' };
  }
  const set = keySetOf(record.keySets, rotation.issuer);
  if (set?.keys.some((key) => key.kid === rotation.newKid && key.thumbprint !== '') === true) {
    return { grade: 'absent', detail: 'holds a public key under the id of the new secret' };
  }
  const holds = holdsSecret(set, rotation.newKid, rotation.alg);
  const says = set?.secretsAtMs != null;
  // Who takes anything has shown nothing by taking this.
  const accepted =
    !takesAnything(record.probes) &&
    lastAcceptedMs(record.counts, rotation.issuer, rotation.newKid) >
      Math.max(rotation.startedAtMs - 1, rolledBackAtMs ?? 0);
  // One acceptance speaks for the process it met; which secrets the others hold is not known.
  if (accepted && (says ? holds : !profile.severalCaches)) {
    return { grade: 'verified', detail: 'accepted a token signed with the new secret' };
  }
  if (!says) return { grade: 'stale', detail: 'has not said which secrets it holds' };
  if (holds) return { grade: 'present', detail: 'holds the new secret' };
  return { grade: 'absent', detail: lacking(set, rotation) };
}

/** Gone is only what the verifier says itself: it lists its secrets, and this one is not there. */
export function oldSecretStanding(
  verifier: Verifier,
  rotation: RotationRecord,
  profile: ProfileFacts,
): OldKeyStanding {
  const { record } = verifier;
  if (unheardStanding(verifier) !== undefined || record.source === 'proxy') return 'unknown';
  const set = keySetOf(record.keySets, rotation.issuer);
  if (set?.secretsAtMs == null) return 'unknown';
  // Under another algorithm it is the same secret by its id, and I3 leaves no room for a second.
  if (set.keys.some((key) => key.kid === rotation.oldKid && key.thumbprint === '')) return 'held';
  // Accepted after it was said to be gone: something still trusts it.
  const acceptedAtMs = lastAcceptedMs(record.counts, rotation.issuer, rotation.oldKid);
  if (acceptedAtMs > set.secretsAtMs + ACCEPTED_LATE_MS) return 'held';
  if ((record.observedAtMs ?? 0) < rotation.startedAtMs) return 'unknown';
  return profile.cachesVerifiedTokens ? 'unknown' : 'dropped';
}

function lacking(set: HeldKeySet | undefined, { newKid, alg }: RotationRecord): string {
  const other = set?.keys.find((key) => key.kid === newKid && key.alg !== alg);
  return other === undefined
    ? 'does not hold the new secret'
    : `holds the id of the new secret for ${other.alg}, not for ${alg}`;
}

function holdsSecret(set: HeldKeySet | undefined, kid: string, alg: string): boolean {
  const keys = set?.keys ?? [];
  return keys.some((key) => key.kid === kid && key.alg === alg && key.thumbprint === '');
}
