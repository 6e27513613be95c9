import type { Canaries } from '../../canary/canaries.ts';
import { type ProbeReading, readingOf } from '../../core/probes/reading.ts';
import { probeWindow } from '../../core/probes/pace.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import type { Engine } from '../../engine-port.ts';
import type { CanariesView } from '../schemas/rotation.ts';
import { isoMoment } from '../../iso-moment.ts';

/** What there is of canaries for a rotation; null where its issuer takes none. */
export function canariesView(
  engine: Engine,
  canaries: Canaries,
  rotationId: string,
): CanariesView | null {
  const state = engine.state();
  const rotation = state.rotations.get(rotationId);
  const policy = rotation && state.policy.issuers.get(rotation.issuer)?.canary;
  if (rotation === undefined || policy == null) return null;
  const held = canaries.of(rotationId);
  const nowMs = engine.nowMs();
  const window = probeWindow(state, rotation, { atMs: nowMs, earliestMs: nowMs });
  return {
    audience: policy.audience,
    held_until_at: held === undefined ? null : isoMoment(held.expiresAtMs),
    handed_over_by: held?.by ?? null,
    not_presented_because: window.open ? null : window.reason,
    verifiers: readingsOf(state, rotation),
  };
}

/** Costs the verifiers that were ever probed. */
function readingsOf(state: Readonly<State>, rotation: RotationRecord): CanariesView['verifiers'] {
  const counts: Record<ProbeReading, number> = {
    knows_new: 0,
    lacks_new: 0,
    takes_anything: 0,
    unclear: 0,
  };
  for (const { record, liveness } of state.fleet.probed) {
    const held = record.probes.find((probe) => probe.issuer === rotation.issuer);
    if (liveness === 'departed' || held?.latest?.rotationId !== rotation.id) continue;
    counts[readingOf(held.latest.answers)] += 1;
  }
  return counts;
}
