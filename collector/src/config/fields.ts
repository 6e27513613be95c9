import { ID_LIMITS, nameProblem, textProblem } from '@keyturn/shared/model/ids.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { parseDurationMs } from '@keyturn/shared/settings.ts';
import { z } from 'zod';
import { type Address, parseAddress } from './address.ts';

/** What a value was read as, or what was expected of it. */
type Reading<T> = { readonly value: T } | { readonly expected: string };

function field<T>(read: (value: unknown) => Reading<T>): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const reading = read(value);
    if ('value' in reading) return reading.value;
    context.addIssue(`${reading.expected}, got ${shown(value)}`);
    return z.NEVER;
  });
}

function text(read: (value: string) => string | undefined, what: string): z.ZodType<string> {
  return field((value) => {
    if (typeof value !== 'string') return { expected: `expected ${what}` };
    const problem = read(value);
    return problem === undefined ? { value } : { expected: problem };
  });
}

export function address(example: string): z.ZodType<Address> {
  return field((value) => {
    const parsed = typeof value === 'string' ? parseAddress(value) : undefined;
    return parsed === undefined
      ? { expected: `expected host:port such as ${example}` }
      : { value: parsed };
  });
}

/** A name people reach the collector under: `keyturn.internal`, or `keyturn.internal:443`. */
export const hostName = text(
  (value) =>
    /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$/.test(value)
      ? undefined
      : 'expected a host name in lower case, with a port where it is another, such as keyturn.internal:443',
  'a host name such as keyturn.internal',
);

/** A service's name. */
export const serviceName = text(
  (value) => nameProblem(value, ID_LIMITS.serviceBytes),
  'a name (numbers in quotes)',
);

/** An id in the profile catalogue. */
export const profileId = text((value) => textProblem(value, 128), 'the id of a profile');

/** A path of the file system. */
export const filePath = text((value) => textProblem(value, 4_096), 'a path');

/** The exact `iss` string, kept byte for byte; some real ones are no URL. */
export const issuerName = text(
  (value) => textProblem(value, ID_LIMITS.issuerBytes),
  'the exact `iss` string, such as https://login.example.com',
);

/** An address to fetch from. */
export const fetchUrl = text(
  (value) => textProblem(value, 2_048) ?? urlProblem(value),
  'an https:// address',
);

function urlProblem(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^https?:\/\//i.test(value)) return 'expected an https:// address';
  if (url.username !== '' || url.password !== '') {
    return 'expected an address without user name and password';
  }
  return url.hash === '' ? undefined : 'expected an address without #fragment';
}

/** A duration, or null for `unbounded`. */
export const durationOrUnbounded: z.ZodType<number | null> = field((value) => {
  if (value === 'unbounded') return { value: null };
  const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
  return ms === undefined
    ? { expected: 'expected a duration with a unit such as 30s or 10m, or unbounded' }
    : { value: ms };
});

export function integer(min: number, max: number): z.ZodType<number> {
  return field((value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? { value }
      : { expected: `expected a whole number from ${min} to ${max}` },
  );
}

export const flag: z.ZodType<boolean> = field((value) =>
  typeof value === 'boolean' ? { value } : { expected: 'expected true or false' },
);

export function oneOf<const T extends string>(values: readonly T[]): z.ZodType<T> {
  return field((value) => {
    const found = values.find((one) => one === value);
    return found === undefined
      ? { expected: `expected one of ${values.join(', ')}` }
      : { value: found };
  });
}
