import type { HeldSet, VerifierRow } from './verifier-row.ts';

/** The key set a row shows: that of an issuer, or of several the one that is worst off. */
export function focusedSet(row: VerifierRow, issuer: number | null): HeldSet | undefined {
  if (issuer !== null) return row.sets.find((set) => set.issuer === issuer);
  let worst = row.sets[0];
  for (const set of row.sets) if (worst !== undefined && isWorse(set, worst)) worst = set;
  return worst;
}

function isWorse(a: HeldSet, b: HeldSet): boolean {
  if (a.failedFetches !== b.failedFetches) return a.failedFetches > b.failedFetches;
  return (a.dataAtMs ?? 0) < (b.dataAtMs ?? 0);
}
