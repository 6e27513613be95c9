import { nameProblem, textProblem } from '@keyturn/shared/model/ids.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { z } from 'zod';
import { isLoopback, parseAddress, type Address } from './address.ts';

/** A value read by `read`, which gives the value or a sentence with what was expected. */
function field<T>(read: (value: unknown) => { value: T } | { expected: string }): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const result = read(value);
    if ('value' in result) return result.value;
    context.addIssue(`${result.expected}, got ${shown(value)}`);
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
  return field((value) => {
    if (typeof value !== 'string') return { expected: 'expected a name (put numbers in quotes)' };
    const problem = nameProblem(value, bytesMax);
    return problem === undefined ? { value } : { expected: problem };
  });
}

/** Printable text: an issuer, a path. */
export function text(what: string, bytesMax = 4_096): z.ZodType<string> {
  return field((value) =>
    typeof value === 'string' && textProblem(value, bytesMax) === undefined
      ? { value }
      : { expected: `expected ${what}` },
  );
}

export function integer(min: number, max: number): z.ZodType<number> {
  return field((value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? { value }
      : { expected: `expected a whole number from ${min} to ${max}` },
  );
}

export function oneOf<const T extends string>(...values: readonly T[]): z.ZodType<T> {
  return field((value) => {
    const found = values.find((one) => one === value);
    return found === undefined
      ? { expected: `expected one of ${values.join(', ')}` }
      : { value: found };
  });
}

/** An http or https URL; http only to this machine, unless the caller allows it elsewhere. */
export function url(): z.ZodType<URL> {
  return field((value) => {
    const parsed = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      return { expected: 'expected an http or https URL' };
    }
    if (parsed.username !== '' || parsed.password !== '') {
      return { expected: 'expected a URL without a user name or password' };
    }
    return { value: parsed };
  });
}

/** True when a fetch of this URL can be read and changed by others on the network. */
export function isOpenToTampering(target: URL): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  return target.protocol === 'http:' && !isLoopback(host);
}

/** Permission bits of the push socket. YAML reads 0600 as the number 600, which is what was meant. */
export function socketMode(): z.ZodType<number> {
  return field((value) => {
    const digits = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
    return /^0?6[06]0$/.test(digits)
      ? { value: Number.parseInt(digits, 8) }
      : { expected: 'expected "0600" (own user) or "0660" (own group too)' };
  });
}

/** The value of a Cache-Control header. */
export function headerValue(): z.ZodType<string> {
  return field((value) =>
    typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value)
      ? { value }
      : { expected: 'expected a header value such as no-cache or max-age=30, or upstream' },
  );
}
