import type { UsageRecord } from './records.ts';
import { keepRotation, openRotations } from './rotation.ts';
import type { State } from './state.ts';
import type { Write } from './writes.ts';

/**
 * Notes on rotations whose signer was declared switched that a token of the new key has been accepted
 * since, and signed since where it says so: only then has the switch been seen. A token tried out
 * before the declaration, or left over from a switch that was rolled back, shows nothing.
 */
export function noteSwitchSeen(state: State, usage: UsageRecord, writes: Write[]): void {
  for (const rotation of openRotations(state)) {
    if (rotation.issuer !== usage.issuer || rotation.newKid !== usage.kid) continue;
    if (rotation.origin === 'observed') {
      // No declaration precedes it: the first token is the switch, see `observed/follow.ts`.
      state.unevaluated.add(rotation.id);
      continue;
    }
    if (rotation.switchedAtMs === null || rotation.switchSeenAtMs !== null) continue;
    if (usage.lastAcceptedAtMs < rotation.switchedAtMs) continue;
    if (usage.highestIatS !== null && usage.highestIatS < Math.floor(rotation.switchedAtMs / 1_000))
      continue;
    keepRotation(state, { ...rotation, switchSeenAtMs: usage.lastAcceptedAtMs }, writes);
    state.unevaluated.add(rotation.id);
  }
}
