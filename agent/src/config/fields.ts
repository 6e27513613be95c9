import { field, fetchUrl, matching } from '@keyturn/shared/settings/fields.ts';
import type { z } from 'zod';

/** An http or https URL to fetch from. */
export function url(): z.ZodType<URL> {
  return fetchUrl.transform((text) => new URL(text));
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
  return matching(
    /^[\x20-\x7e]{1,200}$/,
    'a header value such as no-cache or max-age=30, or upstream',
  );
}
