/** `14:05:10`, `14:05` or `11-27 14:05`, UTC, as fine as the span asks for. */
export function tickText(ms: number, spanMs: number): string {
  const iso = new Date(ms).toISOString();
  if (spanMs > 36 * 3_600_000) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
  return spanMs < 600_000 ? iso.slice(11, 19) : iso.slice(11, 16);
}
