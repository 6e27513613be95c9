/** What the calendar of the language can name, milliseconds either side of 1970. */
const CALENDAR_MS = 8.64e15;

/** A moment for a sentence, to the second, UTC: `2026-11-23T10:15:00Z`. Never throws. */
export function moment(unixMs: number): string {
  if (!(Math.abs(unixMs) <= CALENDAR_MS)) return 'a time beyond any calendar';
  return `${new Date(unixMs).toISOString().slice(0, -'.000Z'.length)}Z`;
}
