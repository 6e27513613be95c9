import type { State } from '../state.ts';
import { usageKey } from '../state.ts';

/**
 * When tokens of a kid were first accepted, Unix ms; null when none was. A kid that an earlier
 * rotation had brought in counts as used again only by a token signed since that one ended.
 */
export function firstUseMs(state: State, issuer: string, kid: string): number | null {
  const usage = state.usage.get(usageKey(issuer, kid));
  if (usage === undefined) return null;
  const sinceMs = lastEndedMs(state, issuer, kid);
  if (sinceMs === null) return usage.firstAcceptedAtMs;
  if (usage.lastAcceptedAtMs <= sinceMs) return null;
  if (usage.highestIatS !== null && usage.highestIatS * 1_000 < sinceMs) return null;
  return usage.lastAcceptedAtMs;
}

function lastEndedMs(state: State, issuer: string, kid: string): number | null {
  let latestMs: number | null = null;
  for (const rotation of state.rotations.values()) {
    if (rotation.issuer !== issuer || rotation.newKid !== kid || rotation.endedAtMs === null) {
      continue;
    }
    latestMs = Math.max(latestMs ?? 0, rotation.endedAtMs);
  }
  return latestMs;
}
