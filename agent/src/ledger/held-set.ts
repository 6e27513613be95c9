import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { algProblem, ID_LIMITS, textProblem } from '@keyturn/shared/model/ids.ts';
import type { KeySetReport } from '@keyturn/shared/model/report.ts';
import { REPORT_LIMITS } from '@keyturn/shared/model/report.ts';
import type { KeySetState } from './ledger.ts';

/** One issuer's set within the bounds of a report. */
export interface HeldSet {
  /** As it was told. */
  readonly told: KeySetState;
  readonly state: KeySetState;
  /** `kid thumbprint alg` of every key kept. */
  readonly identities: ReadonlySet<string>;
  /** Keys that a report cannot carry. */
  readonly leftOut: number;
}

/**
 * Keeps the keys a report can carry, once each, those with a watched kid before all others: the
 * collector takes a key that is not in the report for one the verifier does not hold.
 */
export function holdSet(told: KeySetState, watched: ReadonlySet<string>): HeldSet {
  const identities = new Set<string>();
  const keys: KeyRef[] = [];
  let leftOut = 0;
  for (const key of inOrder(told.keys, watched)) {
    const identity = `${key.kid}\u0000${key.thumbprint}\u0000${key.alg}`;
    if (identities.has(identity)) continue;
    if (keys.length >= REPORT_LIMITS.keysPerSet || !isReportable(key)) {
      leftOut += 1;
      continue;
    }
    identities.add(identity);
    keys.push({ kid: key.kid, thumbprint: key.thumbprint, alg: key.alg });
  }
  return { told, state: { ...told, keys }, identities, leftOut };
}

function inOrder(keys: readonly KeyRef[], watched: ReadonlySet<string>): readonly KeyRef[] {
  if (keys.length <= REPORT_LIMITS.keysPerSet) return keys;
  return keys.toSorted((a, b) => Number(watched.has(b.kid)) - Number(watched.has(a.kid)));
}

function isReportable(key: KeyRef): boolean {
  return (
    textProblem(key.kid, ID_LIMITS.kidBytes) === undefined &&
    key.thumbprint.length === ID_LIMITS.thumbprintChars &&
    algProblem(key.alg) === undefined
  );
}

/** True when both hold exactly the same keys. */
export function hasSameKeys(a: HeldSet | undefined, b: HeldSet): boolean {
  return a !== undefined && a.identities.size === b.identities.size
    ? [...b.identities].every((identity) => a.identities.has(identity))
    : false;
}

/** True when the difference is worth a report of its own; ages alone wait for the heartbeat. */
export function isWorthSending(before: HeldSet | undefined, after: HeldSet): boolean {
  if (before === undefined || !hasSameKeys(before, after)) return true;
  const [a, b] = [before.state, after.state];
  return (
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
  };
}

function ageOf(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : Math.max(0, Math.round(toMs - fromMs));
}
