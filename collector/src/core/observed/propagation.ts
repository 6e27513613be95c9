import type { Offender } from '@keyturn/shared/model/verdict.ts';
import { reckonedPolicy } from '../cache-life.ts';
import type { Group, Verifier } from '../fleet.ts';
import { offender } from '../gates/check.ts';
import { vouchersOf, wordsInForce } from '../gates/attested.ts';
import {
  hasFullEvidence,
  isPositive,
  missingInstances,
  requiredGroups,
  waysOf,
} from '../gates/dependents.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { State } from '../state.ts';
import { attributableFailures } from '../usage.ts';
import type { OldTokens } from './lead.ts';
import { learnMs, neededLeadMs, oldTokensLive } from './lead.ts';
import { riskOf } from './risk.ts';

/** Verifiers named as lacking the new key; all are counted. */
const NAMED_MAX = 20;

/** How far an observed key has come, and what it would cost if the issuer signed with it now. */
export interface Propagation {
  /** Required verifiers known, and declared instances not heard of. */
  readonly verifiers: number;
  /** Hold the new key, or fetch it when they meet it. */
  readonly knowing: number;
  /** Refuse a token of the new key now. */
  readonly refusing: number;
  /** Nothing shows that they would accept one. */
  readonly doubtful: number;
  /** Silent, newly joined or missing. */
  readonly unheard: number;
  /** Services whose verifiers nobody hears, and that neither time nor a person's word covers yet. */
  readonly unseenServices: number;
  readonly byGrade: Readonly<Record<string, number>>;
  /** The first of those that refuse, then of the doubtful. */
  readonly lacking: readonly Offender[];
  /** From publication everywhere to the first use, or to now, ms; negative: used before; null: not published. */
  readonly leadMs: number | null;
  /** P of the slowest verifier, ms; null: no bound. */
  readonly neededLeadMs: number | null;
  /** By then every verifier has the key, by its profile; null: no bound, not published, or all know it. */
  readonly knownByMs: number | null;
  readonly oldTokens: OldTokens | null;
  /** Key-attributable failures of new-key tokens since the rotation opened. */
  readonly failures: number;
  readonly risk: 'low' | 'raised' | 'high';
  /** Why the risk is what it is, a sentence each without full stop. */
  readonly reasons: readonly string[];
}

/** All of it but what it means. */
export type PropagationFacts = Omit<Propagation, 'risk' | 'reasons'>;

/** Null unless the rotation is observed and open. From kept counters, but for the verifiers named. */
export function propagationOf(
  state: State,
  rotation: RotationRecord,
  nowMs: number,
): Propagation | null {
  if (rotation.origin !== 'observed' || rotation.endedAtMs !== null) return null;
  const groups = requiredGroups(state, rotation).map((group) => sharesOf(group, rotation));
  const sum = (count: (shares: Shares) => number): number =>
    groups.reduce((total, shares) => total + count(shares), 0);
  const { publishedAtMs } = rotationFacts(state, rotation);
  const facts: PropagationFacts = {
    verifiers: sum((shares) => shares.knowing + shares.lacking + shares.unheard),
    knowing: sum((shares) => shares.knowing),
    refusing: sum((shares) => shares.refusing),
    doubtful: sum((shares) => shares.lacking - shares.refusing),
    unheard: sum((shares) => shares.unheard),
    unseenServices: groups.filter(({ group }) => isUnseen(state, group, rotation, nowMs)).length,
    byGrade: gradesOf(groups, rotation),
    lacking: named(groups, rotation),
    leadMs: publishedAtMs === null ? null : (rotation.switchedAtMs ?? nowMs) - publishedAtMs,
    neededLeadMs: neededLeadMs(state, rotation, nowMs),
    knownByMs: knownBy(state, rotation, groups, publishedAtMs, nowMs),
    oldTokens: oldTokensLive(state, rotation),
    failures: Math.max(
      0,
      attributableFailures(state, rotation.issuer, rotation.newKid) - rotation.failuresAtSwitch,
    ),
  };
  return { ...facts, ...riskOf(state, rotation, facts) };
}

/** What is known of the new key in one group. */
export interface Shares {
  readonly group: Group;
  readonly knowing: number;
  readonly refusing: number;
  readonly lacking: number;
  readonly unheard: number;
}

/** From kept counters, but for contested names. */
export function sharesOf(group: Group, rotation: RotationRecord): Shares {
  const byNew = group.tallies.get(rotation.id)?.byNew;
  let knowing = 0;
  for (const [grade, verifiers] of byNew ?? []) if (isPositive(grade)) knowing += verifiers.size;
  const doubtful = contestedOf(group, rotation).length;
  const size = (grade: 'absent' | 'stale' | 'silent' | 'never_seen'): number =>
    byNew?.get(grade)?.size ?? 0;
  const heard = size('silent') + size('never_seen');
  return {
    group,
    knowing: knowing - doubtful,
    refusing: size('absent'),
    lacking: size('absent') + size('stale') + doubtful,
    unheard:
      waysOf(group, rotation) === 'evidence' ? Math.max(heard, missingInstances(group)) : heard,
  };
}

/** Two processes report under one name, and what one of them knows says nothing of the other. */
function contestedOf(group: Group, rotation: RotationRecord): Verifier[] {
  return [...group.contested].filter((verifier) => {
    const grade = verifier.standings.get(rotation.id)?.holdsNew;
    return grade !== undefined && isPositive(grade);
  });
}

/** Of a service that is judged by time or by word, neither says yet that it has the key. */
function isUnseen(state: State, group: Group, rotation: RotationRecord, nowMs: number): boolean {
  const way = waysOf(group, rotation);
  const declared = state.policy.issuers.get(rotation.issuer);
  if (way === 'evidence' || declared === undefined || hasFullEvidence(group, rotation))
    return false;
  if (way === 'attested') {
    const now = { atMs: nowMs, earliestMs: nowMs };
    return vouchersOf(wordsInForce(state, rotation, 'holds_new', now), group) === null;
  }
  const { publishedAtMs } = rotationFacts(state, rotation);
  const boundMs = learnMs(group, reckonedPolicy(state, declared, nowMs));
  return publishedAtMs === null || boundMs === null || nowMs < publishedAtMs + boundMs;
}

function gradesOf(groups: readonly Shares[], rotation: RotationRecord): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { group } of groups) {
    for (const [grade, verifiers] of group.tallies.get(rotation.id)?.byNew ?? []) {
      if (verifiers.size > 0) counts[grade] = (counts[grade] ?? 0) + verifiers.size;
    }
  }
  return counts;
}

function named(groups: readonly Shares[], rotation: RotationRecord): Offender[] {
  const found: Offender[] = [];
  for (const grade of ['absent', 'stale'] as const) {
    for (const { group } of groups) {
      for (const verifier of group.tallies.get(rotation.id)?.byNew.get(grade) ?? NOBODY) {
        if (found.length >= NAMED_MAX) return found;
        const standing = verifier.standings.get(rotation.id);
        found.push(
          offender(verifier, grade, standing?.holdsNewSinceMs ?? null, standing?.detail ?? ''),
        );
      }
    }
  }
  for (const verifier of groups.flatMap(({ group }) => contestedOf(group, rotation))) {
    if (found.length >= NAMED_MAX) return found;
    const sinceMs = verifier.record.duplicateAtMs ?? verifier.livenessSinceMs;
    const detail = 'two processes report under this name, and only one of them is heard';
    found.push(offender(verifier, 'duplicate', sinceMs, detail));
  }
  return found;
}

const NOBODY: ReadonlySet<Verifier> = new Set();

function knownBy(
  state: State,
  rotation: RotationRecord,
  groups: readonly Shares[],
  publishedAtMs: number | null,
  nowMs: number,
): number | null {
  const declared = state.policy.issuers.get(rotation.issuer);
  if (declared === undefined || publishedAtMs === null) return null;
  const policy = reckonedPolicy(state, declared, nowMs);
  let latestMs: number | null = null;
  for (const { group, lacking, unheard } of groups) {
    if (lacking + unheard === 0 && waysOf(group, rotation) === 'evidence') continue;
    const boundMs = learnMs(group, policy);
    if (boundMs === null) return null;
    latestMs = Math.max(latestMs ?? 0, publishedAtMs + boundMs);
  }
  return latestMs;
}
