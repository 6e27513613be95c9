import type { AuditEntry, KeyRecord, RotationRecord } from './records.ts';
import type { Now, State } from './state.ts';
import type { Write } from './writes.ts';

// What the audit trail says of keys as the collector itself saw them.

/** The entry for a key that came, went or is back, by its record before and after. */
export function keyObservation(state: State, before: KeyRecord, after: KeyRecord, now: Now): Write {
  const { kid } = after.key;
  const about = { issuer: after.issuer, kid, rotationId: rotationOf(state, after.issuer, kid) };
  if (after.publishedAtMs !== null && before.publishedAtMs === null) {
    return observation(now, 'key_published', about, `key ${kid} is served at every vantage`);
  }
  if (after.withdrawnAtMs !== null && before.withdrawnAtMs === null) {
    return observation(now, 'key_withdrawn', about, `key ${kid} is served nowhere any more`);
  }
  if (after.publishedAtMs === null && before.publishedAtMs !== null) {
    return observation(now, 'key_vanished', about, `key ${kid} is missing at a vantage`);
  }
  return observation(now, 'key_back', about, `key ${kid} is served again`);
}

/** The open rotation a kid (null: any of the issuer's) is of, or the last one that retired it. */
export function rotationOf(state: State, issuer: string, kid: string | null): string | null {
  let retiredBy: RotationRecord | null = null;
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer !== issuer) continue;
    if (rotation.endedAtMs === null) {
      if (kid === null || rotation.newKid === kid || rotation.oldKid === kid) return rotation.id;
    } else if (rotation.outcome === 'completed' && rotation.oldKid === kid) {
      if (rotation.endedAtMs >= (retiredBy?.endedAtMs ?? 0)) retiredBy = rotation;
    }
  }
  return retiredBy?.id ?? null;
}

/** One observation of an issuer's JWKS. */
export function observation(
  now: Now,
  action: string,
  about: {
    readonly issuer: string;
    readonly kid: string | null;
    readonly rotationId: string | null;
  },
  message: string,
): Write {
  const record: AuditEntry = {
    atMs: now.atMs,
    kind: 'observation',
    rotationId: about.rotationId,
    actor: 'keyturn',
    action,
    message,
    detail: { issuer: about.issuer, kid: about.kid },
  };
  return { kind: 'audit', record };
}
