import { ID_LIMITS, nameProblem } from '@keyturn/shared/model/ids.ts';
import { parseDurationMs } from '@keyturn/shared/settings.ts';
import { field, matching, text } from '@keyturn/shared/settings/fields.ts';
import type { z } from 'zod';

/** A name people reach the collector under: `keyturn.internal`, or `keyturn.internal:443`. */
export const hostName = matching(
  /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$/,
  'a host name in lower case, with a port where it is another, such as keyturn.internal:443',
);

/** An id in the profile catalogue. */
export const profileId = text('the id of a profile', 128);

/** A duration, or null for `unbounded`. */
export const durationOrUnbounded: z.ZodType<number | null> = field((value) => {
  if (value === 'unbounded') return { value: null };
  const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
  return ms === undefined
    ? { expected: 'expected a duration with a unit such as 30s or 10m, or unbounded' }
    : { value: ms };
});

/** A share of a population, per cent. */
export const percentile: z.ZodType<number> = field((value) =>
  typeof value === 'number' && value > 0 && value <= 100 && Number(value.toFixed(4)) === value
    ? { value }
    : { expected: 'expected a percentile above 0 and at most 100, with at most 4 decimals' },
);

/** A whole number, or null for `unlimited`. */
export function integerOrUnlimited(min: number, max: number): z.ZodType<number | null> {
  return field((value) => {
    if (value === 'unlimited') return { value: null };
    return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? { value }
      : { expected: `expected a whole number from ${min} to ${max}, or unlimited` };
  });
}

const ALGS_MAX = 32;

/** JWS algorithms by name; null for `unknown`. */
export const algorithms: z.ZodType<readonly string[] | null> = field((value) => {
  if (value === 'unknown') return { value: null };
  if (!Array.isArray(value) || value.length === 0 || value.length > ALGS_MAX) {
    return {
      expected: `expected 1 to ${ALGS_MAX} JWS algorithms such as [RS256, ES256], or unknown`,
    };
  }
  const names = value as readonly unknown[];
  for (const [index, alg] of names.entries()) {
    if (typeof alg !== 'string' || nameProblem(alg, ID_LIMITS.algBytes) !== undefined) {
      return { expected: 'expected JWS algorithms such as [RS256, ES256]' };
    }
    if (alg.toLowerCase() === 'none') {
      return { expected: 'expected algorithms that sign, got none, which accepts every token' };
    }
    if (names.indexOf(alg) < index)
      return { expected: `expected each algorithm once, got ${alg} twice` };
  }
  return { value: names as readonly string[] };
});
