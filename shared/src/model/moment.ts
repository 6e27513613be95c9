/** A moment for a sentence, to the second, UTC: `2026-11-23T10:15:00Z`. */
export function moment(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
