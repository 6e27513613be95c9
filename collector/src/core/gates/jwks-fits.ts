import { counted } from '@keyturn/shared/model/counted.ts';
import { ID_LIMITS } from '@keyturn/shared/model/ids.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import type { State, VantageState } from '../state.ts';
import { fail, pass, unknown } from './check.ts';
import { requiredGroups } from './dependents.ts';

/** From this share of a limit on, the sentence warns. */
const WARN_SHARE = 0.8;

/** A key set as a verifier would be given it. */
export interface DocumentSize {
  readonly bytes: number;
  readonly keys: number;
}

/** The JWKS with one key more still fits every verifier: past its limit one refuses the whole set. */
export function jwksFits(state: State, rotation: RotationRecord): Check {
  const limited = requiredGroups(state, rotation)
    .map((group) => group.service)
    .filter(({ profile }) => profile.jwksBytesMax !== null || profile.jwksKeysMax !== null);
  if (limited.length === 0) {
    return pass('jwks_fits', 'policy', 'no service has a known limit on the JWKS');
  }
  const size = predictedSize(state, rotation);
  if (size === null) {
    return unknown(
      'jwks_fits',
      'policy',
      `${counted(limited.length, 'service')} with a limit on the JWKS, whose size has not been seen`,
      { help: 'keyturn doctor' },
    );
  }
  const over: Offender[] = [];
  let share = 0;
  for (const { name, profile } of limited) {
    const used = usedShare(profile, size);
    share = Math.max(share, used);
    if (used > 1) over.push(tooLarge(name, profile, size));
  }
  if (over.length > 0) {
    return fail(
      'jwks_fits',
      'policy',
      `with ${rotation.newKid} the JWKS is too large for ${counted(over.length, 'service')}`,
      {
        offenders: over,
        help: 'remove keys nobody needs from the JWKS, or raise the limit of those services and say so under services[].overrides',
      },
    );
  }
  const close = share >= WARN_SHARE ? `, ${Math.floor(share * 100)} % of the smallest limit` : '';
  return pass(
    'jwks_fits',
    'policy',
    `with ${rotation.newKid} the JWKS has up to ${counted(size.keys, 'key')} and ${counted(size.bytes, 'byte')}${close}`,
  );
}

/** The largest any vantage may serve with the new key in it; null while one has not been read. */
function predictedSize(state: State, rotation: RotationRecord): DocumentSize | null {
  let bytes = 0;
  let keys = 0;
  const vantages = state.issuers.get(rotation.issuer)?.vantages.values() ?? [];
  for (const vantage of vantages) {
    const size = sizeWith(vantage, rotation);
    if (size === null) return null;
    bytes = Math.max(bytes, size.bytes);
    keys = Math.max(keys, size.keys);
  }
  return bytes === 0 ? null : { bytes, keys };
}

/** What an address served last; null when that could not be read. */
export function servedSize({ latest }: VantageState): DocumentSize | null {
  const result = latest?.sighting.result;
  if (result?.ok !== true) return null;
  return { bytes: result.bytes, keys: result.keys.length + result.untrackedKeys };
}

function sizeWith({ latest }: VantageState, rotation: RotationRecord): DocumentSize | null {
  const result = latest?.sighting.result;
  if (result?.ok !== true) return null;
  const keys = result.keys.length + result.untrackedKeys;
  if (result.keys.some((key) => key.kid === rotation.newKid)) return { bytes: result.bytes, keys };
  return { bytes: result.bytes + largestKeyBytes(result.bytes, keys, rotation), keys: keys + 1 };
}

/**
 * The most one more key may add. Its own members: 8192-bit RSA is 1,366 characters, ML-DSA-87 is
 * 3,456. Issuers that add certificates (`x5c`) add them to every key, so twice the mean of what is
 * there counts too, or all of it where there is one key.
 */
function largestKeyBytes(bytes: number, keys: number, { alg }: RotationRecord): number {
  const alike = keys <= 1 ? bytes : Math.ceil((2 * bytes) / keys);
  return Math.max(alike, membersBytes(alg) + ID_LIMITS.kidBytes);
}

function membersBytes(alg: string): number {
  if (/^(?:RS|PS)\d/.test(alg)) return 2_048;
  return /^(?:ES|Ed)/.test(alg) ? 512 : 4_096;
}

/** Of the limit it comes closest to; over 1: such a verifier refuses the whole set. */
export function usedShare({ jwksBytesMax, jwksKeysMax }: ProfileFacts, size: DocumentSize): number {
  return Math.max(
    jwksBytesMax === null ? 0 : size.bytes / jwksBytesMax,
    jwksKeysMax === null ? 0 : size.keys / jwksKeysMax,
  );
}

function tooLarge(service: string, profile: ProfileFacts, size: DocumentSize): Offender {
  const { jwksBytesMax, jwksKeysMax } = profile;
  const parts = [
    jwksBytesMax !== null && size.bytes > jwksBytesMax
      ? `at most ${jwksBytesMax} bytes, up to ${size.bytes} would come`
      : '',
    jwksKeysMax !== null && size.keys > jwksKeysMax
      ? `at most ${counted(jwksKeysMax, 'key')}, ${size.keys} would come`
      : '',
  ].filter((part) => part !== '');
  return {
    service,
    instance: '',
    cache: '',
    state: 'jwks_too_large',
    sinceMs: null,
    detail: `takes ${parts.join(' and ')}`,
  };
}
