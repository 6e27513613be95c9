import type { RotationView } from '../schemas/rotation.ts';

/** `RS256`, or `RS256 -> ES256` where the rotation changes the algorithm. */
export function algsOf({ alg, old_alg }: Pick<RotationView, 'alg' | 'old_alg'>): string {
  return old_alg === alg ? alg : `${old_alg || '?'} -> ${alg}`;
}
