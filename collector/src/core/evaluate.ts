import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import type { Write } from './writes.ts';
import { activateFindings } from './gates/activate.ts';
import { collectorChecks, issuerConfigured, judgedAt } from './gates/health.ts';
import { publishFindings } from './gates/publish.ts';
import { purgeFindings } from './gates/purge.ts';
import { retireFindings } from './gates/retire.ts';
import { rollbackFindings } from './gates/rollback.ts';
import { secretFindings } from './gates/secrets.ts';
import type { Findings } from './gates/verdict.ts';
import { withCachesRemark } from './gates/cache-lead.ts';
import { stable } from './gates/stable.ts';
import { fingerprint, firstReason, verdictOf, withWaivers } from './gates/verdict.ts';
import { reckonedPolicy } from './cache-life.ts';
import type { IssuerPolicy } from './policy.ts';
import type { RotationRecord } from './records.ts';
import { openRotations } from './rotation.ts';
import { noteOpening } from './snapshot/take.ts';
import type { GateMemo, Now, State } from './state.ts';

/**
 * Evaluates one gate now, from kept counters. A verdict a reader can tell from the last one gets a
 * new revision and, when its status changed, an audit entry.
 */
export function evaluateGate(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  now: Now,
  writes: Write[],
): Verdict {
  const verdict = verdictOf(state, rotation, gate, findingsOf(state, rotation, gate, now), now);
  const memos = memosOf(state, rotation.id);
  const before = memos.get(gate);
  const print = fingerprint(verdict);
  if (before?.fingerprint === print) return { ...verdict, revision: before.revision };
  state.revision += 1;
  state.changed.add(rotation.id);
  const memo: GateMemo = {
    status: verdict.status,
    fingerprint: print,
    revision: state.revision,
    changedAtMs: before?.status === verdict.status ? before.changedAtMs : now.atMs,
  };
  memos.set(gate, memo);
  if (before?.status !== verdict.status) {
    writes.push(decision(verdict, before, now));
    noteOpening(state, rotation, verdict, now, writes);
  }
  return { ...verdict, revision: memo.revision };
}

/** Evaluates every gate of the given rotations. */
export function evaluateAll(
  state: State,
  rotationIds: Iterable<string>,
  now: Now,
  writes: Write[],
): void {
  for (const id of rotationIds) {
    const rotation = state.rotations.get(id);
    if (rotation === undefined) continue;
    for (const gate of GATES) evaluateGate(state, rotation, gate, now, writes);
  }
}

/** Ids of every open rotation. */
export function openRotationIds(state: State): string[] {
  return openRotations(state).map((rotation) => rotation.id);
}

/** Looks whether a run of passing checks goes on, and tells nobody; for between two evaluations. */
export function evaluateStability(state: State, rotation: RotationRecord, now: Now): void {
  findingsOf(state, rotation, 'activate', now);
}

function withStability(
  state: State,
  rotation: RotationRecord,
  findings: Findings,
  now: Now,
): Findings {
  if (rotation.endedAtMs !== null) {
    state.steadySinceMs.delete(rotation.id);
    return findings;
  }
  const others = withWaivers(state, rotation, 'activate', findings.checks, now);
  const steady = stable(state, rotation, others, now);
  return {
    ...findings,
    checks: [...findings.checks, steady],
    // While it runs, the check itself says until when.
    steadyForMs: steady.status === 'pass' ? state.policy.stableForMs : 0,
  };
}

/** What a gate finds now, before waivers. */
export function findingsOf(state: State, rotation: RotationRecord, gate: Gate, now: Now): Findings {
  const declared = state.policy.issuers.get(rotation.issuer);
  if (declared === undefined) {
    return {
      checks: [...collectorChecks(state, now), issuerConfigured(rotation)],
      weakestGrade: null,
    };
  }
  if (rotation.keyKind === 'secret') {
    const findings = secretFindings(state, rotation, gate, declared, now);
    return gate === 'activate' ? withStability(state, rotation, findings, now) : findings;
  }
  const judged = judgedAt(state.issuers.get(rotation.issuer), declared, now);
  const policy = reckonedPolicy(state, declared, judged.earliestMs);
  return withCachesRemark(gateFindings(state, rotation, gate, policy, judged), declared, policy);
}

function gateFindings(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  policy: IssuerPolicy,
  judged: Now,
): Findings {
  switch (gate) {
    case 'publish':
      return publishFindings(state, rotation, policy, judged);
    case 'activate':
      return withStability(
        state,
        rotation,
        activateFindings(state, rotation, policy, judged),
        judged,
      );
    case 'retire':
      return retireFindings(state, rotation, policy, judged);
    case 'purge':
      return purgeFindings(state, rotation, policy, judged);
    case 'rollback':
      return rollbackFindings(state, rotation, policy, judged);
  }
}

function memosOf(state: State, rotationId: string): Map<Gate, GateMemo> {
  let memos = state.gates.get(rotationId);
  if (memos === undefined) {
    memos = new Map();
    state.gates.set(rotationId, memos);
  }
  return memos;
}

function decision(verdict: Verdict, before: GateMemo | undefined, now: Now): Write {
  return {
    kind: 'audit',
    record: {
      atMs: now.atMs,
      kind: 'decision',
      rotationId: verdict.rotationId,
      actor: 'keyturn',
      action: `gate_${verdict.gate}_${verdict.status}`,
      message: `gate ${verdict.gate} is ${verdict.status}: ${firstReason(verdict) || 'every check passes'}`,
      detail: {
        gate: verdict.gate,
        status: verdict.status,
        before: before?.status ?? null,
        weakest_grade: verdict.weakestGrade,
        checks: verdict.checks.map((check) => ({
          id: check.id,
          status: check.status,
          message: check.message,
          offender_count: check.offenderCount,
        })),
      },
    },
  };
}
