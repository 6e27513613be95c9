const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** A length of time for a person, such as `2 h 5 m`; under a minute with tenths, under a
 * second in milliseconds. */
export function span(ms: number): string {
  if (ms < 0) return `-${span(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  let left = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const [unitMs, unit] of UNITS) {
    const whole = Math.floor(left / unitMs);
    if (whole > 0) parts.push(`${whole} ${unit}`);
    left -= whole * unitMs;
  }
  return parts.slice(0, 3).join(' ');
}

export function spanOrUnknown(ms: number | null): string {
  return ms === null ? 'not known' : span(ms);
}
