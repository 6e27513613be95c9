import { isAtLeast } from '@keyturn/shared/model/evidence.ts';
import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { Group, Tally } from '../../core/fleet.ts';
import {
  isPositive,
  missingInstances,
  requiredGroups,
  waysOf,
} from '../../core/gates/dependents.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import type { CountsView } from '../schemas/verdict.ts';

/**
 * How far the fleet is for one gate, from kept counters. For reading only: the checks decide, and
 * where they accept attestation or time for a service, its verifiers count as satisfied here.
 */
export function countsOf(
  state: State,
  rotation: RotationRecord,
  verdict: Verdict,
): CountsView | null {
  if (rotation.endedAtMs !== null) return null;
  const byGrade: Record<string, number> = {};
  let expected = 0;
  let satisfied = 0;
  for (const group of requiredGroups(state, rotation)) {
    const tally = group.tallies.get(rotation.id);
    const missing = unheardInstances(group);
    const size = group.members.size + missing;
    expected += size;
    satisfied += Math.min(size, satisfiedIn(group, rotation, verdict, size));
    for (const [grade, verifiers] of tally?.byNew ?? []) add(byGrade, grade, verifiers.size);
    if (waysOf(group, rotation) === 'evidence') add(byGrade, 'never_seen', missing);
  }
  return { expected, satisfied, by_grade: byGrade };
}

/** Declared instances of which not even a silent verifier is known. */
function unheardInstances(group: Group): number {
  const silentInstances = new Set<string>();
  const missing = missingInstances(group);
  for (const verifier of group.silent) {
    if (silentInstances.size >= missing) break;
    const { instance } = verifier.record.id;
    if (!group.liveCaches.has(instance)) silentInstances.add(instance);
  }
  return Math.max(0, missing - silentInstances.size);
}

function satisfiedIn(
  group: Group,
  rotation: RotationRecord,
  verdict: Verdict,
  size: number,
): number {
  const tally = group.tallies.get(rotation.id);
  const way = waysOf(group, rotation);
  if (way === 'attested' && stands(verdict, 'attested')) return size;
  switch (verdict.gate) {
    case 'publish':
      return group.members.size - group.silent.size - group.joined.size;
    case 'activate':
    case 'retire':
      if (way === 'timed' && stands(verdict, 'time_elapsed')) return size;
      if (way === 'population') return stands(verdict, 'population_covered') ? size : 0;
      return knowingNew(group, tally);
    case 'purge':
      return stands(verdict, 'drop_time_elapsed')
        ? size - sizeOf(tally, 'held')
        : sizeOf(tally, 'dropped');
    case 'rollback':
      return sizeOf(tally, 'held') + sizeOf(tally, 'served');
  }
}

function knowingNew(group: Group, tally: Tally | undefined): number {
  let knowing = 0;
  for (const [grade, verifiers] of tally?.byNew ?? []) {
    if (isPositive(grade) && isAtLeast(grade, group.service.evidence)) knowing += verifiers.size;
  }
  return knowing;
}

function sizeOf(tally: Tally | undefined, standing: 'held' | 'served' | 'dropped'): number {
  return tally?.byOld.get(standing)?.size ?? 0;
}

function stands(
  verdict: { readonly gate: Gate; readonly checks: Verdict['checks'] },
  id: string,
): boolean {
  return verdict.checks.some(
    (check) => check.id === id && (check.status === 'pass' || check.status === 'waived'),
  );
}

function add(counts: Record<string, number>, grade: string, n: number): void {
  if (n > 0) counts[grade] = (counts[grade] ?? 0) + n;
}
