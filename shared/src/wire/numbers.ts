// What an agent computes may have fractions (a monotonic clock, a fractional NumericDate) or, from a
// strange token, exceed what the wire carries. Numbers are brought into range towards the reading
// that keeps gates shut, because a message that cannot be sent would hide the verifier.

import { REPORT_LIMITS } from '../model/report.ts';

const UINT32_MAX = 0xffff_ffff;

/** An age for which older is the careful reading: rounded up; not a number counts as oldest. */
export function ageToWire(ageMs: number, max: number = REPORT_LIMITS.ageMs): number {
  if (Number.isNaN(ageMs)) return max;
  return Math.min(Math.max(0, Math.ceil(ageMs)), max);
}

/** An age for which younger is the careful reading: rounded down; not a number counts as now. */
export function freshAgeToWire(ageMs: number): number {
  return ageMs > 0 ? Math.min(Math.floor(ageMs), REPORT_LIMITS.ageMs) : 0;
}

/** A NumericDate or lifetime for which later or longer is the careful reading. */
export function latestToWire(seconds: number): number {
  if (Number.isNaN(seconds)) return REPORT_LIMITS.numericDateS;
  return Math.min(Math.max(0, Math.ceil(seconds)), REPORT_LIMITS.numericDateS);
}

/** A number of things. */
export function countToWire(count: number, max: number = Number.MAX_SAFE_INTEGER): number {
  return count > 0 ? Math.min(Math.floor(count), max) : 0;
}

export function uint32ToWire(count: number): number {
  return countToWire(count, UINT32_MAX);
}

/** Absent on the wire when null. */
export function optionalToWire(
  value: number | null,
  convert: (value: number) => number,
): number | undefined {
  return value === null ? undefined : convert(value);
}
