/** How one verification ended, normalised over libraries. */
export const OUTCOMES = [
  'ok',
  'unknown_kid',
  'unknown_kid_expired_token',
  'unknown_kid_throttled',
  'bad_signature',
  'unknown_kid_or_bad_signature',
  'jwks_unavailable',
  'key_ambiguous',
  'alg_rejected',
  'expired',
  'not_yet_valid',
  'claims',
  'malformed',
  'unclassified',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

const ATTRIBUTABLE: ReadonlySet<Outcome> = new Set<Outcome>([
  'unknown_kid',
  'unknown_kid_throttled',
  'bad_signature',
  'unknown_kid_or_bad_signature',
  'jwks_unavailable',
  'key_ambiguous',
  'alg_rejected',
]);

/** True for failures that a key rotation can cause. An expired token of a removed key is not one. */
export function isAttributable(outcome: Outcome): boolean {
  return ATTRIBUTABLE.has(outcome);
}
