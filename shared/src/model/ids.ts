/** Bounds on identifiers. Whatever exceeds them is refused at the edge, never cut and kept. */
export const ID_LIMITS = {
  /** Longest kid in UTF-8 bytes; longer ones are counted as `other`. */
  kidBytes: 128,
  issuerBytes: 512,
  serviceBytes: 64,
  instanceBytes: 128,
  cacheBytes: 64,
  /** Longest registered today is 18 (`PBES2-HS256+A128KW`). */
  algBytes: 32,
  /** RFC 7638 SHA-256 thumbprint, base64url without padding. */
  thumbprintChars: 43,
} as const;

/** One key cache that decides on tokens. */
export interface VerifierId {
  readonly service: string;
  readonly instance: string;
  readonly cache: string;
}

/** One signing key as seen in a key set: the same kid with two thumbprints is two keys and an alarm. */
export interface KeyRef {
  readonly kid: string;
  /** RFC 7638 SHA-256 thumbprint, base64url. Empty for a shared secret, see `secret-keys.ts`. */
  readonly thumbprint: string;
  readonly alg: string;
}

// Services and instances name things in commands and URLs, so they keep to a plain alphabet.
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._:@-]*[A-Za-z0-9])?$/;

// Controls, lone surrogates and the Unicode characters that reorder, hide or break text.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** A sentence naming what is wrong with a service, instance or cache name, or undefined. */
export function nameProblem(value: string, bytesMax: number): string | undefined {
  if (value.length === 0) return 'expected a name, got an empty string';
  if (Buffer.byteLength(value) > bytesMax) {
    return `expected at most ${bytesMax} bytes, got ${Buffer.byteLength(value)}`;
  }
  if (!NAME.test(value)) {
    return 'expected letters, digits and . _ : @ - only, starting and ending with a letter or digit';
  }
  return undefined;
}

/** A sentence naming what is wrong with reported text (kid, issuer), or undefined. */
export function textProblem(value: string, bytesMax: number): string | undefined {
  if (value.length === 0) return 'expected text, got an empty string';
  if (Buffer.byteLength(value) > bytesMax) {
    return `expected at most ${bytesMax} bytes, got ${Buffer.byteLength(value)}`;
  }
  if (UNPRINTABLE.test(value)) return 'expected printable characters only';
  return undefined;
}

/** A sentence naming what is wrong with a JWA algorithm name, or undefined. Empty: not stated. */
export function algProblem(value: string): string | undefined {
  if (Buffer.byteLength(value) > ID_LIMITS.algBytes) {
    return `expected at most ${ID_LIMITS.algBytes} bytes, got ${Buffer.byteLength(value)}`;
  }
  return /^[A-Za-z0-9._+-]*$/.test(value) ? undefined : 'expected letters, digits and . _ + - only';
}

/** The identity as one string, for maps and for people: `service/instance/cache`. */
export function verifierKey(id: VerifierId): string {
  return `${id.service}/${id.instance}/${id.cache}`;
}
