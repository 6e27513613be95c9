import { ApiError } from './api-error.ts';

/** The one secret that allows changes. */
export interface OperatorToken {
  /** Compares in constant time. */
  matches(presented: string): boolean;
}

/** Longer credentials are not looked at. */
const CREDENTIAL_CHARS_MAX = 4_096;

// Wider than the b64token of RFC 6750 §2.1: an operator may configure any printable token.
const BEARER = /^Bearer +([\u0021-\u007e]+)$/i;

/**
 * Lets a caller with the operator token through. The one place that decides who may change state,
 * for HTTP and gRPC. Throws ApiError TOKEN_MISSING, TOKEN_MALFORMED or TOKEN_WRONG.
 *
 * @param header - value of `Authorization` (HTTP header or gRPC metadata), undefined when absent
 */
export function authorizeOperator(header: string | undefined, token: OperatorToken): void {
  if (header === undefined || header === '') {
    throw new ApiError(
      'TOKEN_MISSING',
      'This changes state and needs the operator token, sent as `Authorization: Bearer <token>`.',
      'authorization',
    );
  }
  const presented = header.length <= CREDENTIAL_CHARS_MAX ? BEARER.exec(header)?.[1] : undefined;
  if (presented === undefined) {
    throw new ApiError(
      'TOKEN_MALFORMED',
      'Expected `Authorization: Bearer <token>`, got another scheme or characters no token has.',
      'authorization',
    );
  }
  if (!token.matches(presented)) {
    throw new ApiError(
      'TOKEN_WRONG',
      'This is not the operator token of this collector.',
      'authorization',
    );
  }
}
