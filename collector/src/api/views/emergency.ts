import type { BlastRadius } from '../../core/blast-radius.ts';
import type { Containment } from '../../core/containment.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { Engine } from '../../engine-port.ts';
import type { BlastRadiusView, ContainmentView } from '../schemas/emergency.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import { checkView } from './verdict.ts';

export function blastRadiusView(rotation: RotationRecord, radius: BlastRadius): BlastRadiusView {
  return {
    rotation_id: rotation.id,
    old_kid: rotation.oldKid,
    new_kid: rotation.newKid,
    tainted: rotation.tainted,
    as_of: isoMoment(radius.asOfMs),
    counted_since: isoMoment(radius.countedSinceMs),
    summary: radius.summary,
    keys: radius.keys.map((use) => ({
      kid: use.kid,
      role: use.role,
      accepted: use.accepted,
      busiest_minute: use.busiestMinute,
      verifiers: use.verifiers,
      last_accepted_at: isoMomentOrNull(use.lastAcceptedAtMs),
      latest_exp_at: isoMomentOrNull(use.latestExpMs),
    })),
    uncounted_verifiers: radius.uncounted,
    services: radius.services.map((reach) => ({
      service: reach.service,
      required: reach.required,
      profile: reach.profile,
      verifiers: reach.verifiers,
      holding: reach.holding,
      dropped: reach.dropped,
      drop_bound_s: reach.dropBoundMs === null ? null : reach.dropBoundMs / 1_000,
      may_accept_until: isoMomentOrNull(reach.mayAcceptUntilMs),
      drop_now: reach.dropNow,
    })),
  };
}

export function containmentView(rotation: RotationRecord, found: Containment): ContainmentView {
  return {
    rotation_id: rotation.id,
    old_kid: rotation.oldKid,
    as_of: isoMoment(found.asOfMs),
    withdrawn_at: isoMomentOrNull(found.withdrawnAtMs),
    percent: found.percent,
    status: found.status,
    total: found.total,
    contained: found.contained,
    services: found.services.map((service) => ({
      service: service.service,
      profile: service.profile,
      total: service.total,
      contained: service.contained,
      pending: service.pending.map(({ state, count, untilMs }) => ({
        state,
        count,
        until_at: isoMomentOrNull(untilMs),
      })),
      drop_now: service.dropNow,
    })),
    reasons: found.reasons.map(checkView),
  };
}

/** How far a tainted key is out of use; null for one that is not tainted. */
export function taintedContainment(
  engine: Engine,
  rotation: RotationRecord,
): ContainmentView | null {
  const found = rotation.tainted ? engine.containment(rotation.id) : undefined;
  return found === undefined ? null : containmentView(rotation, found);
}
