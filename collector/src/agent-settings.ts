import type { Settings } from '@keyturn/shared/model/report.ts';
import { leaseMs } from './core/policy.ts';
import { openRotations } from './core/rotation.ts';
import type { Now, State } from './core/state.ts';

/** The kids that agents count by name whatever else they meet. */
export function watchedKeys(state: State): Settings['watchedKeys'] {
  return openRotations(state).flatMap(({ issuer, oldKid, newKid, keyKind }) => [
    { issuer, kid: oldKid, secret: keyKind === 'secret' },
    { issuer, kid: newKid, secret: keyKind === 'secret' },
  ]);
}

/** Equal for equal watched keys; cheap, as it is asked for after every commit. */
export function watchedText(state: State): string {
  let text = '';
  for (const { issuer, oldKid, newKid, keyKind, endedAtMs } of state.rotations.values()) {
    if (endedAtMs === null) text += `${issuer}\u0000${oldKid}\u0000${newKid}\u0000${keyKind}\u0001`;
  }
  return text;
}

/** What agents are told to keep to now. */
export function settingsOf(state: State, now: Now): Settings {
  const { policy } = state;
  // About a hundred reconnects a second, after a restart of the collector.
  const spreadMs = Math.max(1_000, state.fleet.verifiers.size * 10);
  return {
    reportIntervalMs: policy.heartbeatMs,
    leaseMs: leaseMs(policy),
    holdDownRemainingMs: Math.max(0, state.health.holdDownUntilMs - now.atMs),
    reconnectWindowMs: Math.min(policy.reconnectWindowMs, spreadMs),
    watchedKeys: watchedKeys(state),
  };
}
