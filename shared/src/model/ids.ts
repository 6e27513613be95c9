/** Bounds on identifiers. Whatever exceeds them is refused at the edge, never cut and kept. */
export const ID_LIMITS = {
  /** Longest kid in UTF-8 bytes; longer ones are counted as `other`. */
  kidBytes: 128,
  issuerBytes: 512,
  serviceBytes: 64,
  instanceBytes: 128,
  cacheBytes: 64,
  algBytes: 16,
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
  /** RFC 7638 SHA-256 thumbprint, base64url. */
  readonly thumbprint: string;
  readonly alg: string;
}

// Services and instances name things in commands and URLs, so they keep to a plain alphabet.
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._:@-]*[A-Za-z0-9])?$/;

// C0, C1 and the Unicode characters that reorder or hide text.
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

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

/** The identity as one string, for maps and for people: `service/instance/cache`. */
export function verifierKey(id: VerifierId): string {
  return `${id.service}/${id.instance}/${id.cache}`;
}
