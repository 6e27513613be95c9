import { formatDuration } from '@keyturn/shared/settings.ts';

/** `5m ago`; `never` for null. */
export function ago(at: string | null, nowMs: number): string {
  if (at === null) return 'never';
  return `${formatDuration(Math.max(0, nowMs - Date.parse(at)))} ago`;
}

/** `in 3m 20s (2026-11-23T10:15:00Z)`. */
export function until(at: string, nowMs: number): string {
  const leftMs = Date.parse(at) - nowMs;
  return `${leftMs > 0 ? `in ${formatDuration(leftMs)}` : 'now'} (${toTheSecond(at)})`;
}

/** An ISO moment without its fraction. */
export function toTheSecond(at: string): string {
  return at.replace(/\.\d+Z$/, 'Z');
}
