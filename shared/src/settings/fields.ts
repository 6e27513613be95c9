import { z } from 'zod';
import { type Address, parseAddress } from '../address.ts';
import { ID_LIMITS, nameProblem, textProblem } from '../model/ids.ts';
import { shown } from '../shown.ts';

// Fields of settings files and JSON bodies. Each refusal is a sentence: what was expected, what came.

/** What a value was read as, or a sentence with what was expected of it. */
export type Reading<T> = { readonly value: T } | { readonly expected: string };

/** A value that `read` reads. A refusal that does not say what came is completed with it. */
export function field<T>(read: (value: unknown) => Reading<T>): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const reading = read(value);
    if ('value' in reading) return reading.value;
    const { expected } = reading;
    context.addIssue(expected.includes(', got ') ? expected : `${expected}, got ${shown(value)}`);
    return z.NEVER;
  });
}

/** `host:port`. */
export function address(example: string): z.ZodType<Address> {
  return field((value) => {
    const parsed = typeof value === 'string' ? parseAddress(value) : undefined;
    return parsed === undefined
      ? { expected: `expected host:port such as ${example}` }
      : { value: parsed };
  });
}

/** A service, instance or cache name. */
export function name(bytesMax: number): z.ZodType<string> {
  return textThat('a name (put numbers in quotes)', (value) => nameProblem(value, bytesMax));
}

/** Printable text. `what` it is, for values of another kind. */
export function text(what: string, bytesMax = 4_096): z.ZodType<string> {
  return textThat(what, (value) => textProblem(value, bytesMax));
}

/** Text of one form. `what` describes the form. */
export function matching(form: RegExp, what: string): z.ZodType<string> {
  return textThat(what, (value) => (form.test(value) ? undefined : `expected ${what}`));
}

/** The exact `iss` string, kept byte for byte; some real ones are no URL. */
export const issuerName = text(
  'the exact `iss` string, such as https://login.example.com',
  ID_LIMITS.issuerBytes,
);

/** A path of the file system. */
export const filePath = text('a path');

/** Where to fetch from, kept as it was written. */
export const fetchUrl = textThat(
  'an http or https URL',
  (value) => textProblem(value, 2_048) ?? urlProblem(value),
);

/** A whole number. */
export function integer(min: number, max: number): z.ZodType<number> {
  return field((value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? { value }
      : { expected: `expected a whole number from ${min} to ${max}` },
  );
}

/** One of these words. */
export function oneOf<const T extends string>(values: readonly T[]): z.ZodType<T> {
  return field((value) => {
    const found = values.find((one) => one === value);
    return found === undefined
      ? { expected: `expected one of ${values.join(', ')}` }
      : { value: found };
  });
}

function textThat(
  what: string,
  problemOf: (value: string) => string | undefined,
): z.ZodType<string> {
  return field((value) => {
    if (typeof value !== 'string') return { expected: `expected ${what}` };
    const problem = problemOf(value);
    return problem === undefined ? { value } : { expected: problem };
  });
}

function urlProblem(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^https?:\/\//i.test(value)) return 'expected an http or https URL';
  // What came holds a password, which must not reach a log.
  if (url.username !== '' || url.password !== '') {
    return 'expected a URL without a user name or password, got one that has them';
  }
  return url.hash === '' ? undefined : 'expected a URL without #fragment';
}
