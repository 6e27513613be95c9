import { CANARY_AUDIENCE } from '@keyturn/shared/model/probe.ts';

/** What is read of a token that was refused; all of it is what its sender wrote. */
export interface Peek {
  /** Null: no kid. Empty: a kid that is not text. */
  readonly kid: string | null;
  readonly alg: string | undefined;
  readonly iss: string | undefined;
  readonly expS: number | undefined;
  readonly aud: unknown;
}

/** Nobody sends larger ones in good faith, and decoding is on the verifier's time. */
const PART_CHARS_MAX = 16_384;

/**
 * Reads kid, alg, iss, exp and aud of a compact JWS without believing any of it. Never throws;
 * what cannot be read is as if absent. Nothing of the token is kept.
 */
export function peek(token: unknown): Peek {
  const text = textOf(token);
  const [header, payload] = text === undefined ? [] : partsOf(text);
  const kid = header?.['kid'];
  const alg = header?.['alg'];
  const iss = payload?.['iss'];
  const exp = payload?.['exp'];
  return {
    kid: kid === undefined ? null : typeof kid === 'string' ? kid : '',
    alg: typeof alg === 'string' ? alg : undefined,
    iss: typeof iss === 'string' ? iss : undefined,
    expS: typeof exp === 'number' ? exp : undefined,
    aud: payload?.['aud'],
  };
}

/** True for the audience of canary tokens, alone. */
export function isCanaryAudience(aud: unknown): boolean {
  const [only, ...others]: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return only === CANARY_AUDIENCE && others.length === 0;
}

function textOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  if (!(token instanceof Uint8Array) || token.byteLength > 3 * PART_CHARS_MAX) return undefined;
  return Buffer.from(token.buffer, token.byteOffset, token.byteLength).toString('latin1');
}

type Json = Readonly<Record<string, unknown>>;

function partsOf(text: string): readonly (Json | undefined)[] {
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first < 0 || second < 0) return [];
  return [decode(text, 0, first), decode(text, first + 1, second)];
}

function decode(text: string, from: number, to: number): Json | undefined {
  if (to - from > PART_CHARS_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(
      Buffer.from(text.slice(from, to), 'base64url').toString('utf8'),
    );
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
