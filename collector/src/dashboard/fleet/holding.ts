import { type FleetHead, hasFlag, type VerifierRow } from './verifier-row.ts';

/** Whether a verifier holds a key, as far as anybody knows now. */
export type Holding = 'yes' | 'no' | 'unknown';

/**
 * Whether it holds a key of an issuer; null: it takes no tokens of that issuer, or is gone for good.
 * Silence, and what a kind of verifier keeps beside its set, make that unknown.
 */
export function holdingOf(row: VerifierRow, key: number, head: FleetHead): Holding | null {
  const issuer = head.keys[key]?.issuer;
  if (issuer === undefined || hasFlag(row, 'departed')) return null;
  const set = row.sets.find((held) => held.issuer === issuer);
  const standings = row.standings.filter(
    ({ rotation }) => head.rotations.find(({ id }) => id === rotation)?.issuer === issuer,
  );
  if (set === undefined && standings.length === 0) return null;
  if (!hasFlag(row, 'reporting')) return 'unknown';
  const lists = set?.keys.includes(key) ?? false;
  const isKnown = set !== undefined && (set.dataAtMs !== null || set.keys.length > 0);
  for (const standing of standings) {
    const rotation = head.rotations.find(({ id }) => id === standing.rotation);
    if (rotation?.new_key === key) return newKeyHolding(standing.holdsNew, lists, isKnown);
    if (rotation?.old_key === key)
      return oldKeyHolding(standing.holdsOld, lists, isKnown, key, head);
  }
  if (!isKnown) return 'unknown';
  return lists ? 'yes' : 'no';
}

function newKeyHolding(grade: string, lists: boolean, isKnown: boolean): Holding {
  switch (grade) {
    case 'verified':
    case 'present':
    case 'served':
      return 'yes';
    case 'absent':
    case 'fetchable':
      return 'no';
    default:
      // What is stale may still say plainly that the key is not there; that it is, it cannot say.
      return isKnown && !lists ? 'no' : 'unknown';
  }
}

function oldKeyHolding(
  standing: string,
  lists: boolean,
  isKnown: boolean,
  key: number,
  head: FleetHead,
): Holding {
  if (standing === 'held' || standing === 'served') return 'yes';
  if (standing === 'dropped') return 'no';
  // Once it is withdrawn, a set without it does not show that nothing accepts it any more.
  const isWithdrawn = head.keys[key]?.withdrawn_at !== null;
  return isKnown && !lists && !isWithdrawn ? 'no' : 'unknown';
}
