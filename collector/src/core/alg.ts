import type { RotationRecord } from './records.ts';

/** Either side of a rotation: the algorithms its keys sign with. */
export interface Algs {
  readonly alg: string;
  /** Empty: not known. */
  readonly oldAlg: string;
}

/**
 * The algorithm of an old key by what its JWKS entry says. An RSA entry may name none; RS256 is then
 * what every issuer must support (OpenID Connect Core 15.1), anything else stays not known.
 */
export function oldAlgOf(publishedAlg: string, newAlg: string): string {
  if (publishedAlg !== '') return publishedAlg;
  return newAlg === 'RS256' ? newAlg : '';
}

/** Does this rotation change the algorithm, for all that is known? */
export function changesAlg(rotation: Algs): boolean {
  return rotation.alg !== rotation.oldAlg;
}

/** Do two rotations touch one algorithm? I4 lets only one of them be open. */
export function sharesAlg(one: Algs, other: Algs): boolean {
  return [one.alg, one.oldAlg].some(
    (alg) => alg !== '' && (alg === other.alg || alg === other.oldAlg),
  );
}

/** `RS256`, or `RS256 -> ES256`. */
export function algsText(rotation: Pick<RotationRecord, 'alg' | 'oldAlg'>): string {
  return changesAlg(rotation) ? `${rotation.oldAlg || '?'} -> ${rotation.alg}` : rotation.alg;
}
