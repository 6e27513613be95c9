import { z } from 'zod';
import { shown } from './shown.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parses `15s`, `10m`, `1h30m`, `250ms`, `7d` into milliseconds; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  let total = 0;
  let rest = text;
  while (rest.length > 0) {
    const part = /^(\d{1,9})(ms|s|m|h|d)/.exec(rest);
    const unit = part?.[2] === undefined ? undefined : UNIT_MS[part[2]];
    if (part === null || unit === undefined) return undefined;
    total += Number(part[1]) * unit;
    rest = rest.slice(part[0].length);
  }
  return text.length > 0 ? total : undefined;
}

/** A duration for a person: the two largest units that are not zero, such as `1h 5m` or `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  let restS = Math.round(ms / 1_000);
  const parts: string[] = [];
  for (const [unit, sizeS] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(restS / sizeS);
    restS -= n * sizeS;
    if (n > 0 || (unit === 's' && parts.length === 0)) parts.push(`${n}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** A duration in a settings file: text with a unit, as milliseconds after parsing. */
export function duration(limits: { minMs?: number; maxMs?: number } = {}): z.ZodType<number> {
  const { minMs = 0, maxMs = 400 * 86_400_000 } = limits;
  return z.unknown().transform((value, context) => {
    const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (ms === undefined) {
      context.addIssue(
        `expected a duration with a unit (ms, s, m, h or d) such as 15s or 1h30m, got ${shown(value)}`,
      );
      return z.NEVER;
    }
    if (ms < minMs || ms > maxMs) {
      context.addIssue(
        `expected between ${formatDuration(minMs)} and ${formatDuration(maxMs)}, got ${String(value)}`,
      );
      return z.NEVER;
    }
    return ms;
  });
}
