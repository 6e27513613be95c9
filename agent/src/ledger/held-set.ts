import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { KeySetReport } from '@keyturn/shared/model/report.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import { isSecretKey, keyProblem } from '@keyturn/shared/model/secret-keys.ts';
import type { HeldSecrets, KeySetState } from './ledger.ts';

/** One issuer's set within the bounds of a report. */
export interface HeldSet {
  /** As it was told. */
  readonly told: KeySetState;
  readonly state: KeySetState;
  readonly secrets: HeldSecrets | null;
  /** When the secrets were told; null as well where a report cannot carry all of them. */
  readonly secretsAtMs: number | null;
  /** `kid thumbprint alg` of every key kept. */
  readonly identities: ReadonlySet<string>;
  /** Keys that a report cannot carry. */
  readonly leftOut: number;
}

/**
 * Keeps the keys a report can carry, once each, those with a watched kid before all others: the
 * collector takes a key that is not in the report for one the verifier does not hold.
 */
export function holdSet(
  told: KeySetState,
  secrets: HeldSecrets | null,
  watched: ReadonlySet<string>,
): HeldSet {
  const identities = new Set<string>();
  const keys: KeyRef[] = [];
  let leftOut = 0;
  let hasAllSecrets = true;
  for (const key of inOrder([...told.keys, ...(secrets?.keys ?? [])], watched)) {
    const identity = `${key.kid}\u0000${key.thumbprint}\u0000${key.alg}`;
    if (identities.has(identity)) continue;
    if (keys.length >= REPORT_LIMITS.keysPerSet || keyProblem(key) !== undefined) {
      leftOut += 1;
      if (isSecretKey(key)) hasAllSecrets = false;
      continue;
    }
    identities.add(identity);
    keys.push({ kid: key.kid, thumbprint: key.thumbprint, alg: key.alg });
  }
  const secretsAtMs = hasAllSecrets ? (secrets?.toldAtMs ?? null) : null;
  return { told, state: { ...told, keys }, secrets, secretsAtMs, identities, leftOut };
}

function inOrder(keys: readonly KeyRef[], watched: ReadonlySet<string>): readonly KeyRef[] {
  if (keys.length <= REPORT_LIMITS.keysPerSet) return keys;
  return keys.toSorted((a, b) => Number(watched.has(b.kid)) - Number(watched.has(a.kid)));
}

/** True when the very keys and secrets are told that were told before, and all of them are kept. */
export function isToldAgain(
  before: HeldSet | undefined,
  told: KeySetState,
  secrets: HeldSecrets | null,
): before is HeldSet {
  return (
    before !== undefined &&
    before.leftOut === 0 &&
    before.secrets === secrets &&
    before.told.keys.length === told.keys.length &&
    told.keys.every((key, at) => key === before.told.keys[at])
  );
}

/** True when both hold exactly the same keys. */
export function hasSameKeys(a: HeldSet | undefined, b: HeldSet): boolean {
  if (a?.identities === b.identities) return true;
  return a !== undefined && a.identities.size === b.identities.size
    ? [...b.identities].every((identity) => a.identities.has(identity))
    : false;
}

/** Of a cache that told nothing, or nothing of its public keys. */
export const NOTHING_KNOWN: KeySetState = {
  keys: [],
  dataAtMs: null,
  attemptAtMs: null,
  consecutiveFailures: 0,
  lastError: null,
  nextRefreshAtMs: null,
  cooldownUntilMs: null,
  documentSha256: null,
  servedAtMs: null,
};

/** True when the difference is worth a report of its own; ages alone wait for the heartbeat. */
export function isWorthSending(before: HeldSet | undefined, after: HeldSet): boolean {
  if (before === undefined || !hasSameKeys(before, after)) return true;
  const [a, b] = [before.state, after.state];
  return (
    (before.secretsAtMs === null) !== (after.secretsAtMs === null) ||
    (a.dataAtMs === null) !== (b.dataAtMs === null) ||
    (a.servedAtMs === null) !== (b.servedAtMs === null) ||
    a.consecutiveFailures > 0 !== b.consecutiveFailures > 0 ||
    a.lastError !== b.lastError ||
    a.documentSha256 !== b.documentSha256
  );
}

export function readHeldSet(issuer: string, held: HeldSet, nowMs: number): KeySetReport {
  const { state } = held;
  return {
    issuer,
    keys: state.keys,
    dataAgeMs: ageOf(state.dataAtMs, nowMs),
    attemptAgeMs: ageOf(state.attemptAtMs, nowMs),
    consecutiveFailures: state.consecutiveFailures,
    lastError: state.lastError,
    nextRefreshInMs: ageOf(nowMs, state.nextRefreshAtMs),
    cooldownInMs: ageOf(nowMs, state.cooldownUntilMs),
    documentSha256: state.documentSha256,
    servedAgeMs: ageOf(state.servedAtMs, nowMs),
    secretsAgeMs: ageOf(held.secretsAtMs, nowMs),
  };
}

function ageOf(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : Math.max(0, Math.round(toMs - fromMs));
}
