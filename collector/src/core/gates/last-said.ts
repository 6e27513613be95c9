import type { Group, Verifier } from '../fleet.ts';
import { isReplaced } from '../fleet.ts';
import type { AttestationRecord, RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import { standingOf } from '../standing.ts';
import type { Now, State } from '../state.ts';
import { vouchersOf, wordsInForce } from './attested.ts';
import { waysOf } from './dependents.ts';

type Fact = AttestationRecord['fact'];

/**
 * Verifiers of a service judged by word or by time that said otherwise before they fell silent: that
 * they lack the new key, or hold the old one. Silence takes nothing back. What was said before
 * `boundAtMs` is no contradiction, as time had not promised anything yet; a word given since is of
 * somebody who knows.
 *
 * @param boundAtMs null: no time promises it
 */
export function saidOtherwise(
  state: State,
  group: Group,
  rotation: RotationRecord,
  fact: Fact,
  boundAtMs: number | null,
  now: Now,
): ReadonlySet<Verifier> {
  const found = new Set<Verifier>();
  if (group.silent.size === 0 || waysOf(group, rotation) === 'evidence') return found;
  const vouchers = vouchersOf(wordsInForce(state, rotation, fact, now), group);
  for (const verifier of group.silent) {
    if (isReplaced(group, verifier) || !contradicts(state, verifier, rotation, fact, now)) continue;
    const saidAtMs = verifier.record.observedAtMs ?? 0;
    if (vouchers === null ? saidAtMs < (boundAtMs ?? 0) : isAnswered(vouchers, verifier, saidAtMs))
      continue;
    found.add(verifier);
  }
  return found;
}

function contradicts(
  state: State,
  verifier: Verifier,
  rotation: RotationRecord,
  fact: Fact,
  now: Now,
): boolean {
  if (!verifier.standings.has(rotation.id)) return false;
  const facts = rotationFacts(state, rotation);
  const heard = { ...verifier, liveness: 'reporting' as const };
  const last = standingOf(heard, rotation, facts, now.atMs);
  return fact === 'holds_new' ? last.holdsNew === 'absent' : last.holdsOld === 'held';
}

function isAnswered(
  vouchers: readonly AttestationRecord[],
  { record }: Verifier,
  saidAtMs: number,
): boolean {
  return vouchers.some(
    ({ instance, atMs }) =>
      atMs >= saidAtMs && (instance === null || instance === record.id.instance),
  );
}
