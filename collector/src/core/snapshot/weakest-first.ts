import type { Grade, NegativeGrade } from '@keyturn/shared/model/evidence.ts';
import type { Group, OldKeyStanding, Verifier } from '../fleet.ts';
import type { EvidencedVerifier, Occasion } from './evidence-record.ts';

/** Knowledge of the new key, weakest first. */
const NEW_KEY: readonly (Grade | NegativeGrade)[] = [
  'absent',
  'never_seen',
  'silent',
  'stale',
  'timed',
  'attested',
  'fetchable',
  'served',
  'present',
  'verified',
];

/** Knowledge of the old key, worst first, for whoever waits for it to be gone. */
const OLD_KEY: readonly OldKeyStanding[] = ['held', 'served', 'unknown', 'dropped'];

/**
 * At most `max` verifiers of these groups as rows, weakest evidence first and by name within a
 * strength. Costs the rows made, not the fleet.
 */
export function weakestFirst(
  groups: readonly Group[],
  rotationId: string,
  occasion: Occasion,
  max: number,
): readonly EvidencedVerifier[] {
  const rows: EvidencedVerifier[] = [];
  for (const strength of strengthsFor(occasion)) {
    const level: Verifier[] = [];
    for (const group of groups) {
      const tally = group.tallies.get(rotationId);
      const found =
        strength.about === 'new'
          ? tally?.byNew.get(strength.standing)
          : tally?.byOld.get(strength.standing);
      for (const verifier of found ?? []) {
        if (rows.length + level.length >= max) break;
        level.push(verifier);
      }
    }
    level.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const verifier of level) rows.push(rowOf(verifier, rotationId));
    if (rows.length >= max) break;
  }
  return rows;
}

type Strength =
  | { readonly about: 'new'; readonly standing: Grade | NegativeGrade }
  | { readonly about: 'old'; readonly standing: OldKeyStanding };

function strengthsFor(occasion: Occasion): readonly Strength[] {
  return isAboutOldKey(occasion)
    ? OLD_KEY.map((standing) => ({ about: 'old', standing }))
    : NEW_KEY.map((standing) => ({ about: 'new', standing }));
}

/** True where what counts is who still trusts the old key. */
export function isAboutOldKey(occasion: Occasion): boolean {
  switch (occasion.kind) {
    case 'gate':
      return occasion.gate === 'purge' || occasion.gate === 'rollback';
    case 'step':
      return ['complete', 'rollback', 'taint'].includes(occasion.step);
    case 'end':
      return true;
  }
}

function rowOf(verifier: Verifier, rotationId: string): EvidencedVerifier {
  const { record } = verifier;
  const standing = verifier.standings.get(rotationId);
  return {
    ...record.id,
    profile: record.profile,
    source: record.source,
    liveness: verifier.liveness,
    holdsNew: standing?.holdsNew ?? 'never_seen',
    holdsNewSinceMs: standing?.holdsNewSinceMs ?? verifier.livenessSinceMs,
    holdsOld: standing?.holdsOld ?? 'unknown',
    holdsOldSinceMs: standing?.holdsOldSinceMs ?? verifier.livenessSinceMs,
    detail: standing?.detail ?? '',
    reportedAtMs: record.receivedAtMs,
  };
}
