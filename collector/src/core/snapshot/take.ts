import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Group } from '../fleet.ts';
import { groupsOfIssuer } from '../fleet.ts';
import { waysOf } from '../gates/dependents.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import type { Write } from '../writes.ts';
import type {
  EvidencedService,
  EvidencedVerdict,
  EvidenceRecord,
  EvidenceRef,
  EvidenceTaken,
  Occasion,
} from './evidence-record.ts';
import { momentsOf, overlapTerms } from './overlap.ts';
import { weakestFirst } from './weakest-first.ts';

/** Verifiers listed one by one in a snapshot; beyond them they are counted. */
export const ROWS_MAX = 10_000;

/** Snapshots of one rotation with that many rows; later ones list the weakest `LATE_ROWS_MAX`. */
const FULL_SNAPSHOTS_MAX = 40;
const LATE_ROWS_MAX = 100;

const NONE_TAKEN: EvidenceTaken = { count: 0, opened: new Set() };

/** What is remembered of snapshots on record, in any order. */
export function evidenceTaken(refs: readonly EvidenceRef[]): Map<string, EvidenceTaken> {
  const taken = new Map<string, EvidenceTaken>();
  for (const ref of [...refs].sort((a, b) => a.number - b.number)) {
    taken.set(ref.rotationId, withOne(taken.get(ref.rotationId), ref.number, ref.occasion));
  }
  return taken;
}

/** Writes down what is known of a rotation as a step of it is taken. */
export function takeEvidence(
  state: State,
  rotation: RotationRecord,
  occasion: Occasion,
  verdict: Verdict | null,
  now: Now,
  writes: Write[],
): void {
  const before = state.evidence.get(rotation.id) ?? NONE_TAKEN;
  const number = before.count + 1;
  state.evidence.set(rotation.id, withOne(before, number, occasion));
  const groups = [...groupsOfIssuer(state.fleet, rotation.issuer)];
  const rowsMax = number <= FULL_SNAPSHOTS_MAX ? ROWS_MAX : LATE_ROWS_MAX;
  const verifiers = weakestFirst(groups, rotation.id, occasion, rowsMax);
  const known = groups.reduce((sum, group) => sum + group.members.size, 0);
  const record: EvidenceRecord = {
    rotationId: rotation.id,
    number,
    atMs: now.atMs,
    occasion,
    verdict: verdict === null ? null : evidencedVerdict(verdict),
    moments: momentsOf(state, rotation),
    overlap: overlapTerms(state, rotation, now.atMs),
    policySha256: state.policySha256,
    services: groups
      .map((group) => evidencedService(group, rotation))
      .sort((a, b) => (`${a.name} ${a.profile}` < `${b.name} ${b.profile}` ? -1 : 1)),
    verifiers,
    verifiersLeftOut: Math.max(0, known - verifiers.length),
    attestations: inForce(state.attestations.values(), rotation.id, now),
    waivers: inForce(state.waivers.values(), rotation.id, now),
  };
  writes.push({ kind: 'evidence', record });
}

/** Writes down what is known when a gate opens, the first time it does. */
export function noteOpening(
  state: State,
  rotation: RotationRecord,
  verdict: Verdict,
  now: Now,
  writes: Write[],
): void {
  if (verdict.status !== 'open') return;
  if (state.evidence.get(rotation.id)?.opened.has(verdict.gate) === true) return;
  takeEvidence(state, rotation, { kind: 'gate', gate: verdict.gate }, verdict, now, writes);
}

function withOne(
  before: EvidenceTaken = NONE_TAKEN,
  number: number,
  occasion: Occasion,
): EvidenceTaken {
  const count = Math.max(before.count, number);
  if (occasion.kind === 'gate') {
    return { count, opened: new Set([...before.opened, occasion.gate]) };
  }
  const isRolledBack = occasion.kind === 'step' && occasion.step === 'rollback';
  return { count, opened: isRolledBack ? new Set() : before.opened };
}

function evidencedVerdict(verdict: Verdict): EvidencedVerdict {
  return {
    gate: verdict.gate,
    status: verdict.status,
    weakestGrade: verdict.weakestGrade,
    advised: verdict.advised,
    checks: verdict.checks.map((check) => ({
      id: check.id,
      status: check.status,
      class: check.class,
      message: check.message,
      offenderCount: check.offenderCount,
      sinceMs: check.sinceMs,
      clearsAtMs: check.clearsAtMs,
    })),
  };
}

function evidencedService(group: Group, rotation: RotationRecord): EvidencedService {
  const { service } = group;
  const tally = group.tallies.get(rotation.id);
  return {
    name: service.name,
    declared: service.declared,
    required: service.required,
    kind: service.kind,
    way: waysOf(group, rotation),
    evidence: service.evidence,
    profile: service.profile.id,
    instancesDeclared: service.instances,
    instancesMax: service.instancesMax,
    instancesLive: group.liveCaches.size,
    verifiers: group.members.size,
    silent: group.silent.size,
    joined: group.joined.size,
    uncounted: group.uncounted.size,
    byNew: sizes(tally?.byNew),
    byOld: sizes(tally?.byOld),
  };
}

function sizes(
  sets: ReadonlyMap<string, ReadonlySet<unknown>> | undefined,
): Record<string, number> {
  const found = [...(sets ?? [])].filter(([, members]) => members.size > 0);
  return Object.fromEntries(
    found
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([standing, members]) => [standing, members.size]),
  );
}

function inForce<
  R extends { readonly id: string; readonly rotationId: string; readonly expiresAtMs: number },
>(records: Iterable<R>, rotationId: string, now: Now): R[] {
  return [...records]
    .filter((record) => record.rotationId === rotationId && record.expiresAtMs > now.atMs)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
