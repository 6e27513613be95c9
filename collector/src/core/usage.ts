import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { isAttributable } from '@keyturn/shared/model/outcome.ts';
import type { HeldCounts, UsageRecord } from './records.ts';
import type { State } from './state.ts';
import { usageKey } from './state.ts';

/**
 * Takes what a newer row of counts says of accepted tokens into the high-water marks. `previous` is
 * the same row of the report before, in the same epoch. Gives the changed record, if any.
 */
export function raiseUsage(
  state: State,
  row: HeldCounts,
  previous: HeldCounts | undefined,
  receivedAtMs: number,
): UsageRecord | undefined {
  if (row.key.kind === 'other') return undefined;
  const accepted = (row.outcomes.ok ?? 0) - (previous?.outcomes.ok ?? 0);
  if (accepted <= 0) return undefined;
  const kid = row.key.kind === 'kid' ? row.key.kid : null;
  const key = usageKey(row.issuer, kid);
  const before = state.usage.get(key);
  const acceptedAtMs = row.lastAcceptedAtMs ?? receivedAtMs;
  const record: UsageRecord = {
    issuer: row.issuer,
    kid,
    firstAcceptedAtMs: before?.firstAcceptedAtMs ?? acceptedAtMs,
    lastAcceptedAtMs: Math.max(before?.lastAcceptedAtMs ?? 0, acceptedAtMs),
    highestIatS: highest(before?.highestIatS, believableIatS(row.highestIatS, acceptedAtMs)),
    highestExpS: highest(before?.highestExpS, row.highestExpS),
    longestLifetimeS: highest(before?.longestLifetimeS, row.longestLifetimeS),
    acceptedWithoutExp:
      (before?.acceptedWithoutExp ?? 0) +
      grown(row.acceptedWithoutExp, previous?.acceptedWithoutExp),
    acceptedWithoutIat:
      (before?.acceptedWithoutIat ?? 0) +
      grown(row.acceptedWithoutIat, previous?.acceptedWithoutIat),
  };
  state.usage.set(key, record);
  return record;
}

/** Adds the difference between two rows to the fleet's totals. */
export function addTotals(state: State, row: HeldCounts, previous: HeldCounts | undefined): void {
  const kid = row.key.kind === 'kid' ? row.key.kid : row.key.kind === 'none' ? null : undefined;
  if (kid === undefined || (kid !== null && !isKnownKid(state, row.issuer, kid))) return;
  const key = usageKey(row.issuer, kid);
  let totals = state.totals.get(key);
  if (totals === undefined) {
    totals = {};
    state.totals.set(key, totals);
  }
  for (const outcome of Object.keys(row.outcomes) as Outcome[]) {
    const more = (row.outcomes[outcome] ?? 0) - (previous?.outcomes[outcome] ?? 0);
    totals[outcome] = (totals[outcome] ?? 0) + Math.max(0, more);
  }
}

/** Key-attributable failures counted for a kid over the whole fleet. */
export function attributableFailures(state: State, issuer: string, kid: string): number {
  let sum = 0;
  const totals = state.totals.get(usageKey(issuer, kid)) ?? {};
  for (const outcome of Object.keys(totals) as Outcome[]) {
    if (isAttributable(outcome)) sum += totals[outcome] ?? 0;
  }
  return sum;
}

/** True for kids the collector saw in a JWKS itself or that a rotation names; others are foreign. */
export function isKnownKid(state: State, issuer: string, kid: string): boolean {
  if (state.issuers.get(issuer)?.kids.has(kid) === true) return true;
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer === issuer && (rotation.newKid === kid || rotation.oldKid === kid)) {
      return true;
    }
  }
  return false;
}

// A token accepted at some moment was signed before it, whatever its `iat` claims.
function believableIatS(iatS: number | null, acceptedAtMs: number): number | null {
  return iatS === null ? null : Math.min(iatS, Math.ceil(acceptedAtMs / 1_000));
}

function highest(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a == null) return b ?? null;
  return b == null ? a : Math.max(a, b);
}

function grown(next: number, previous: number | undefined): number {
  return Math.max(0, next - (previous ?? 0));
}
