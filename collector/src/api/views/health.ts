import type { State } from '../../core/state.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import type { CollectorHealthView } from '../schemas/health.ts';

/** How the collector itself is. */
export function collectorHealthView(state: Readonly<State>, nowMs: number): CollectorHealthView {
  const { health, fleet } = state;
  return {
    hold_down_until_at: nowMs < health.holdDownUntilMs ? isoMoment(health.holdDownUntilMs) : null,
    store_failing_since_at: isoMomentOrNull(health.storeFailingSinceMs),
    verifiers: fleet.verifiers.size,
    refused_verifiers: health.refusedVerifiers,
  };
}
