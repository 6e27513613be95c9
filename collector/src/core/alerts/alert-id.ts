/**
 * A short id a person can type, of one occurrence: FNV-1a (32 bit, RFC 9923) of the identity and the
 * moment it was first seen. Two occurrences that met in it would have to begin in one millisecond, and
 * alerts are judged once a tick.
 */
export function alertId(identity: string, sinceMs: number): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(identity)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return `al-${hash.toString(16).padStart(8, '0')}-${sinceMs.toString(36)}`;
}
