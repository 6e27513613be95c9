import type { Outcome } from '@keyturn/shared/model/outcome.ts';

/** jose's failures by code, where the code alone says it (jose 6, util/errors). */
const OUTCOME_BY_CODE: ReadonlyMap<unknown, Outcome> = new Map<unknown, Outcome>([
  ['ERR_JWKS_NO_MATCHING_KEY', 'unknown_kid'],
  ['ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'key_ambiguous'],
  ['ERR_JWKS_TIMEOUT', 'jwks_unavailable'],
  ['ERR_JWKS_INVALID', 'jwks_unavailable'],
  ['ERR_JWK_INVALID', 'jwks_unavailable'],
  ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'bad_signature'],
  ['ERR_JOSE_ALG_NOT_ALLOWED', 'alg_rejected'],
  ['ERR_JWT_EXPIRED', 'expired'],
  ['ERR_JWS_INVALID', 'malformed'],
  ['ERR_JWT_INVALID', 'malformed'],
]);

/**
 * How a verification by jose ended, from what it threw: the code first, then the claim, the message
 * last. `unknown_kid` still has to be told from its kinds that are no fault of a rotation.
 */
export function joseOutcome(thrown: unknown): Outcome {
  if (typeof thrown !== 'object' || thrown === null) return 'unclassified';
  const { code, claim, name, message } = thrown as Readonly<Record<string, unknown>>;
  const byCode = OUTCOME_BY_CODE.get(code);
  if (byCode !== undefined) return byCode;
  const text = typeof message === 'string' ? message : '';
  switch (code) {
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return isTooEarly(claim, text) ? 'not_yet_valid' : 'claims';
    case 'ERR_JOSE_NOT_SUPPORTED':
      return text.includes('"alg"') || text.includes('alg ') ? 'alg_rejected' : 'unclassified';
    case 'ERR_JOSE_GENERIC':
      return text.includes('JSON Web Key Set') ? 'jwks_unavailable' : 'unclassified';
    case undefined:
      return name === 'TypeError' && text === 'fetch failed' ? 'jwks_unavailable' : 'unclassified';
    default:
      return 'unclassified';
  }
}

function isTooEarly(claim: unknown, text: string): boolean {
  return claim === 'nbf' || (claim === 'iat' && text.includes('in the past'));
}
