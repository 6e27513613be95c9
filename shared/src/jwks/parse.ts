import { createHash } from 'node:crypto';
import { ID_LIMITS, textProblem, type KeyRef } from '../model/ids.ts';
import type { FetchError } from '../model/report.ts';
import { algOf, signs } from './signing.ts';
import { thumbprint, type Jwk } from './thumbprint.ts';

export interface JwksLimits {
  readonly bytesMax: number;
  readonly keysMax: number;
}

export const JWKS_LIMITS: JwksLimits = { bytesMax: 1_048_576, keysMax: 1_000 };

/** Why a document is not a key set that anyone should be given. */
export type JwksError =
  | 'too_large'
  | 'not_json'
  | 'not_a_key_set'
  | 'too_many_keys'
  | 'private_members'
  | 'duplicate_kid';

/** A key set that was read, or why it was refused. Messages carry no key material. */
export type JwksParse =
  | {
      readonly ok: true;
      /** Signing keys with a usable kid, in document order, each (kid, thumbprint) once. */
      readonly keys: readonly KeyRef[];
      /** Entries left out: no usable kid, key type or material not known, not for signatures. */
      readonly untrackedKeys: number;
      /** SHA-256 of the bytes, hex. */
      readonly sha256: string;
    }
  | { readonly ok: false; readonly error: JwksError; readonly message: string };

// RFC 7518 section 6 (RSA, EC, oct), RFC 8037 (OKP), draft-ietf-cose-dilithium (AKP).
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Reads a JWKS document (RFC 7517 section 5). Never throws, whatever the bytes are. */
export function parseJwks(bytes: Uint8Array, limits: JwksLimits = JWKS_LIMITS): JwksParse {
  if (bytes.byteLength > limits.bytesMax) {
    return refuse(
      'too_large',
      `expected at most ${limits.bytesMax} bytes, got ${bytes.byteLength}`,
    );
  }
  const document = parseJson(bytes);
  if (document === undefined) return refuse('not_json', 'expected JSON in UTF-8');
  const entries = isObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(entries)) {
    return refuse('not_a_key_set', 'expected a JSON object with an array "keys"');
  }
  if (entries.length > limits.keysMax) {
    return refuse(
      'too_many_keys',
      `expected at most ${limits.keysMax} keys, got ${entries.length}`,
    );
  }
  return readEntries(entries, bytes);
}

/** The class under which a refused document is reported. */
export function fetchErrorOf(error: JwksError): FetchError {
  switch (error) {
    case 'too_large':
      return 'too_large';
    case 'not_json':
      return 'not_json';
    case 'not_a_key_set':
    case 'too_many_keys':
    case 'private_members':
    case 'duplicate_kid':
      return 'invalid';
  }
}

function readEntries(entries: readonly unknown[], bytes: Uint8Array): JwksParse {
  const byKid = new Map<string, KeyRef | 'untracked'>();
  let untrackedKeys = 0;
  for (const [index, entry] of entries.entries()) {
    if (!isObject(entry)) {
      return refuse('not_a_key_set', `expected keys[${index}] to be an object`);
    }
    const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(entry, name));
    if (secret !== undefined) {
      return refuse(
        'private_members',
        `keys[${index}] has the member "${secret}" of a private or symmetric key`,
      );
    }
    const kid = usableKid(entry);
    const key = kid === undefined || !signs(entry) ? undefined : keyRef(kid, entry);
    if (key === undefined) untrackedKeys += 1;
    if (kid === undefined || !signs(entry)) continue;
    const known = byKid.get(kid);
    if (known === undefined) {
      byKid.set(kid, key ?? 'untracked');
    } else if (key === undefined || known === 'untracked' || known.thumbprint !== key.thumbprint) {
      return refuse('duplicate_kid', `keys[${index}] repeats a kid with different key material`);
    } else if (known.alg !== key.alg) {
      byKid.set(kid, { ...known, alg: '' });
    }
  }
  const keys = [...byKid.values()].filter((key) => key !== 'untracked');
  // Only of documents without secret members: any other hash would be a digest of a secret.
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ok: true, keys, untrackedKeys, sha256 };
}

function keyRef(kid: string, jwk: Jwk): KeyRef | undefined {
  const print = thumbprint(jwk);
  return print === undefined ? undefined : { kid, thumbprint: print, alg: algOf(jwk) };
}

function usableKid(jwk: Jwk): string | undefined {
  const kid = jwk['kid'];
  if (typeof kid !== 'string') return undefined;
  return textProblem(kid, ID_LIMITS.kidBytes) === undefined ? kid : undefined;
}

function refuse(error: JwksError, message: string): JwksParse {
  return { ok: false, error, message };
}

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    // A byte order mark stays in the text, so that JSON.parse refuses it as most verifiers do.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
