/** The last moment of year 9999: later ones have no ISO 8601 form that everybody reads. */
const LATEST_MS = 253_402_300_799_999;

/** A moment for JSON: ISO 8601, UTC. Clamped to what the form can say, for a token may claim anything. */
export function isoMoment(unixMs: number): string {
  const ms = Number.isNaN(unixMs) ? 0 : Math.min(Math.max(unixMs, 0), LATEST_MS);
  return new Date(ms).toISOString();
}

export function isoMomentOrNull(unixMs: number | null): string | null {
  return unixMs === null ? null : isoMoment(unixMs);
}
