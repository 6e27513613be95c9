import { isSecretKey } from '@keyturn/shared/model/secret-keys.ts';
import { restoreKey } from '../issuers.ts';
import type { KeyRecord } from '../records.ts';
import type { IssuerState, Now, State } from '../state.ts';
import { keyIdentity } from '../state.ts';
import type { Write } from '../writes.ts';

/** The record of a shared secret of this id; undefined when no rotation ever named it. */
export function secretRecord(issuer: IssuerState, kid: string): KeyRecord | undefined {
  return issuer.keys.get(keyIdentity({ kid, thumbprint: '' }));
}

/** Remembers the id of a secret, so that it stands for no other key from now on. */
export function keepSecret(
  state: State,
  issuer: IssuerState,
  kid: string,
  alg: string,
  now: Now,
  writes: Write[],
): void {
  if (secretRecord(issuer, kid) !== undefined) return;
  const record: KeyRecord = {
    issuer: issuer.issuer,
    key: { kid, thumbprint: '', alg },
    firstSeenAtMs: now.atMs,
    publishedAtMs: null,
    withdrawnAtMs: null,
    tombstone: null,
    declaredLifetimeMs: state.policy.issuers.get(issuer.issuer)?.maxTokenLifetimeMs ?? null,
    unclaimed: false,
  };
  restoreKey(issuer, record);
  writes.push({ kind: 'key', record });
}

/** A retired id never comes back: I3. */
export function buryDroppedSecret(
  issuer: IssuerState,
  kid: string,
  now: Now,
  writes: Write[],
): void {
  const record = secretRecord(issuer, kid);
  if (record === undefined) return;
  const retired = { ...record, withdrawnAtMs: now.atMs, tombstone: 'retired' as const };
  issuer.keys.set(keyIdentity(record.key), retired);
  writes.push({ kind: 'key', record: retired });
}

/**
 * What may be signed while a secret is in use lives as long as was declared then: settings raise that
 * and never lower it. No sighting tells of secrets, so it is looked at as time passes.
 */
export function keepSecretLifetimes(state: State, writes: Write[]): void {
  for (const issuer of state.issuers.values()) {
    const declaredMs = state.policy.issuers.get(issuer.issuer)?.maxTokenLifetimeMs ?? null;
    if (declaredMs === null) continue;
    for (const [identity, record] of issuer.keys) {
      if (!isSecretKey(record.key) || record.tombstone !== null) continue;
      if (declaredMs <= (record.declaredLifetimeMs ?? 0)) continue;
      const raised = { ...record, declaredLifetimeMs: declaredMs };
      issuer.keys.set(identity, raised);
      writes.push({ kind: 'key', record: raised });
    }
  }
}
