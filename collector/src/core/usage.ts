import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { isAttributable } from '@keyturn/shared/model/outcome.ts';
import type { OutcomeRow } from './counts.ts';
import { addCounts, countedRows } from './counts.ts';
import type { HeldCounts, UsageRecord, VerifierRecord } from './records.ts';
import { noteUse } from './recent-use.ts';
import { openRotations } from './rotation.ts';
import type { State } from './state.ts';
import { usageKey } from './state.ts';

/** Records of accepted kids; beyond it only kids the collector knows get one. */
export const USAGE_RECORDS_MAX = 10_000;

/** Within which an acceptance reported now must have happened, collector time. */
export interface When {
  /** The moment the report before spoke of; null when there is none of this process. */
  readonly sinceMs: number | null;
  readonly untilMs: number;
}

/**
 * Takes what a newer row of counts says of accepted tokens into the high-water marks. `previous` is
 * the same row of the report before. Gives the changed records.
 */
export function raiseUsage(
  state: State,
  row: HeldCounts,
  previous: HeldCounts | undefined,
  when: When,
): readonly UsageRecord[] {
  const accepted = (row.outcomes.ok ?? 0) - (previous?.outcomes.ok ?? 0);
  if (accepted <= 0 || !state.policy.issuers.has(row.issuer)) return [];
  const kids = kidsOf(state, row);
  for (const kid of kids) {
    if (!isForeign(state, row.issuer, kid)) noteUse(state, row, previous, kid, when);
  }
  return kids.flatMap((kid) => raiseKid(state, kid, row, previous, when) ?? []);
}

/** Adds the difference between two rows to the fleet's totals. */
export function addTotals(state: State, row: OutcomeRow, previous: OutcomeRow | undefined): void {
  const kid = totalledKid(state, row);
  if (kid === undefined) return;
  const totals = totalsOf(state, usageKey(row.issuer, kid));
  for (const outcome of Object.keys(row.outcomes) as Outcome[]) {
    const more = (row.outcomes[outcome] ?? 0) - (previous?.outcomes[outcome] ?? 0);
    totals[outcome] = addCounts(totals[outcome] ?? 0, Math.max(0, more));
  }
}

/** Takes everything counted of a verifier out of the fleet's totals. */
export function dropTotals(state: State, record: VerifierRecord): void {
  for (const row of countedRows(record)) {
    const kid = totalledKid(state, row);
    if (kid === undefined) continue;
    const totals = totalsOf(state, usageKey(row.issuer, kid));
    for (const outcome of Object.keys(row.outcomes) as Outcome[]) {
      totals[outcome] = Math.max(0, (totals[outcome] ?? 0) - (row.outcomes[outcome] ?? 0));
    }
  }
}

/** Counts kids anew over the fleet, in one pass; for when the collector gets to know them. */
export function recountTotals(state: State, issuer: string, kids: ReadonlySet<string>): void {
  if (kids.size === 0) return;
  for (const kid of kids) state.totals.delete(usageKey(issuer, kid));
  for (const verifier of state.fleet.verifiers.values()) {
    for (const row of countedRows(verifier.record)) {
      if (row.issuer === issuer && row.key.kind === 'kid' && kids.has(row.key.kid)) {
        addTotals(state, row, undefined);
      }
    }
  }
}

/** Key-attributable failures counted for a kid over the whole fleet. */
export function attributableFailures(state: State, issuer: string, kid: string): number {
  let sum = 0;
  const totals = state.totals.get(usageKey(issuer, kid)) ?? {};
  for (const outcome of Object.keys(totals) as Outcome[]) {
    if (isAttributable(outcome)) sum = addCounts(sum, totals[outcome] ?? 0);
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

/**
 * The kids a row may speak of. Accepted tokens of kids that did not fit an agent's table may have
 * been of any key that is served, save one that a rotation is only about to bring into use.
 */
function kidsOf(state: State, row: HeldCounts): readonly (string | null)[] {
  if (row.key.kind === 'kid') return [row.key.kid];
  if (row.key.kind === 'none') return [null];
  const next = new Set(
    openRotations(state)
      .filter((rotation) => rotation.issuer === row.issuer)
      .map((rotation) => rotation.newKid),
  );
  const served = [...(state.issuers.get(row.issuer)?.keys.values() ?? [])].filter(
    (record) => record.withdrawnAtMs === null && !next.has(record.key.kid),
  );
  return [...new Set(served.map((record) => record.key.kid))];
}

function raiseKid(
  state: State,
  kid: string | null,
  row: HeldCounts,
  previous: HeldCounts | undefined,
  when: When,
): UsageRecord | undefined {
  const key = usageKey(row.issuer, kid);
  const before = state.usage.get(key);
  if (before === undefined && isForeign(state, row.issuer, kid) && isFull(state)) {
    return keepLifetime(state, row);
  }
  const acceptedAtMs = acceptedAt(row, when);
  const withoutIat = grown(row.acceptedWithoutIat, previous?.acceptedWithoutIat);
  const iatS = highest(
    believableIatS(row.highestIatS, acceptedAtMs),
    // What says nothing of its age may have been signed just before it was accepted.
    withoutIat > 0 ? Math.ceil(acceptedAtMs / 1_000) : null,
  );
  const record: UsageRecord = {
    issuer: row.issuer,
    kid,
    firstAcceptedAtMs: before?.firstAcceptedAtMs ?? acceptedAtMs,
    lastAcceptedAtMs: Math.max(before?.lastAcceptedAtMs ?? 0, acceptedAtMs),
    highestIatS: highest(before?.highestIatS, iatS),
    highestExpS: highest(before?.highestExpS, row.highestExpS),
    longestLifetimeS: highest(before?.longestLifetimeS, row.longestLifetimeS),
    acceptedWithoutExp: addCounts(
      before?.acceptedWithoutExp ?? 0,
      grown(row.acceptedWithoutExp, previous?.acceptedWithoutExp),
    ),
    acceptedWithoutIat: addCounts(before?.acceptedWithoutIat ?? 0, withoutIat),
  };
  state.usage.set(key, record);
  return record;
}

// An age is a reporter's word, and one beyond all bounds must not date a token's `iat` back.
function acceptedAt(row: HeldCounts, when: When): number {
  const saidMs = row.lastAcceptedAtMs ?? when.untilMs;
  return Math.min(when.untilMs, Math.max(saidMs, when.sinceMs ?? saidMs));
}

function isForeign(state: State, issuer: string, kid: string | null): boolean {
  return kid !== null && !isKnownKid(state, issuer, kid);
}

function isFull(state: State): boolean {
  return state.usage.size >= USAGE_RECORDS_MAX;
}

/** Lifetimes count for the whole issuer, so one that found no room goes to a record that has it. */
function keepLifetime(state: State, row: HeldCounts): UsageRecord | undefined {
  state.health.untrackedUsage += 1;
  for (const [key, record] of state.usage) {
    if (record.issuer !== row.issuer) continue;
    const longestLifetimeS = highest(record.longestLifetimeS, row.longestLifetimeS);
    if (longestLifetimeS === record.longestLifetimeS) return undefined;
    const raised = { ...record, longestLifetimeS };
    state.usage.set(key, raised);
    return raised;
  }
  return undefined;
}

function totalledKid(state: State, row: OutcomeRow): string | null | undefined {
  if (row.key.kind === 'other' || !state.policy.issuers.has(row.issuer)) return undefined;
  if (row.key.kind === 'none') return null;
  return isKnownKid(state, row.issuer, row.key.kid) ? row.key.kid : undefined;
}

function totalsOf(state: State, key: string): Partial<Record<Outcome, number>> {
  let totals = state.totals.get(key);
  if (totals === undefined) {
    totals = {};
    state.totals.set(key, totals);
  }
  return totals;
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
