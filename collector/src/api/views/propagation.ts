import { propagationOf } from '../../core/observed/propagation.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { Engine } from '../../engine-port.ts';
import type { PropagationView } from '../schemas/propagation.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';
import { offenderView } from './verdict.ts';

/** How an observed key comes to the verifiers, as JSON; null for a declared or ended rotation. */
export function propagationView(engine: Engine, rotation: RotationRecord): PropagationView | null {
  const nowMs = engine.nowMs();
  const found = propagationOf(engine.state(), rotation, nowMs);
  if (found === null) return null;
  return {
    verifiers: found.verifiers,
    knowing: found.knowing,
    refusing: found.refusing,
    doubtful: found.doubtful,
    unheard: found.unheard,
    unseen_services: found.unseenServices,
    by_grade: { ...found.byGrade },
    lacking: found.lacking.map(offenderView),
    lead_s: seconds(found.leadMs),
    needed_lead_s: seconds(found.neededLeadMs),
    known_by: isoMomentOrNull(found.knownByMs),
    old_tokens_until: isoMomentOrNull(found.oldTokens?.untilMs ?? null),
    removed_early: found.oldTokens?.atRemoval ?? false,
    failures: found.failures,
    risk: found.risk,
    reasons: [...found.reasons],
  };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
