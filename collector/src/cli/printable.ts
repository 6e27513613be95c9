import { plainText } from '@keyturn/shared/shown.ts';

/** Longest text shown, bytes. */
const TEXT_BYTES_MAX = 4_096;

/**
 * A value from the collector with nothing in its texts that could steer a terminal or reorder what
 * stands beside it. Names in it come from agents and issuers.
 */
export function printable(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value, TEXT_BYTES_MAX);
  if (Array.isArray(value)) return value.map(printable);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [plainText(key, 256), printable(inner)]),
    );
  }
  return value;
}
