import type { RotationRecord } from '../../core/records.ts';
import { momentsOf, overlapTerms } from '../../core/snapshot/overlap.ts';
import { usageKey } from '../../core/state.ts';
import type { State } from '../../core/state.ts';
import type { Engine } from '../../engine-port.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import type { TimelineView } from '../schemas/timeline.ts';

const UNBOUNDED_SHOWN_MAX = 20;

/** The moments of both keys of a rotation as JSON. */
export function timelineView(engine: Engine, rotation: RotationRecord): TimelineView {
  const state = engine.state();
  const moments = momentsOf(state, rotation);
  const next = state.usage.get(usageKey(rotation.issuer, rotation.newKid));
  const old = state.usage.get(usageKey(rotation.issuer, rotation.oldKid));
  return {
    rotation_id: rotation.id,
    started_at: isoMoment(rotation.startedAtMs),
    published_at: isoMomentOrNull(moments.publishedAtMs),
    first_new_use_at: isoMomentOrNull(next?.firstAcceptedAtMs ?? null),
    last_new_use_at: isoMomentOrNull(next?.lastAcceptedAtMs ?? null),
    switched_at: isoMomentOrNull(moments.switchedAtMs),
    switch_seen_at: isoMomentOrNull(moments.switchSeenAtMs),
    rolled_back_at: isoMomentOrNull(rotation.rolledBackAtMs),
    last_old_signature_at: isoMomentOrNull(moments.lastOldSignatureAtMs),
    last_old_use_at: isoMomentOrNull(moments.lastOldAcceptedAtMs),
    latest_old_expiry_at: isoMomentOrNull(
      old?.highestExpS == null ? null : old.highestExpS * 1_000,
    ),
    old_tokens_gone_at: rotation.tainted ? null : isoMomentOrNull(moments.oldTokensGoneAtMs),
    honoured_until_at: isoMomentOrNull(honouredUntilMs(state, rotation)),
    withdrawn_at: isoMomentOrNull(moments.withdrawnAtMs),
    ...purged(engine, rotation, moments.withdrawnAtMs),
    ended_at: isoMomentOrNull(rotation.endedAtMs),
    terms: termsOf(state, rotation, engine.nowMs()),
  };
}

function honouredUntilMs(state: Readonly<State>, rotation: RotationRecord): number | null {
  const { switchedAtMs, switchSeenAtMs, tainted } = rotation;
  if (!tainted || switchedAtMs === null || switchSeenAtMs === null) return null;
  return Math.max(switchedAtMs, switchSeenAtMs) + state.policy.emergency.retireGraceMs;
}

/** How long caches may go on with the old key; nothing before it was withdrawn. */
function purged(
  engine: Engine,
  rotation: RotationRecord,
  withdrawnAtMs: number | null,
): Pick<TimelineView, 'purged_by_at' | 'unbounded_services'> {
  const isOver = withdrawnAtMs === null || rotation.endedAtMs !== null;
  const services = isOver ? [] : (engine.containment(rotation.id)?.services ?? []);
  let latestMs = 0;
  const unbounded: string[] = [];
  for (const { service, pending } of services) {
    for (const { state, untilMs } of pending) {
      latestMs = Math.max(latestMs, untilMs ?? 0);
      if (state === 'unbounded') unbounded.push(service);
    }
  }
  return {
    purged_by_at: isoMomentOrNull(latestMs === 0 ? null : latestMs),
    unbounded_services: unbounded.slice(0, UNBOUNDED_SHOWN_MAX),
  };
}

function termsOf(
  state: Readonly<State>,
  rotation: RotationRecord,
  nowMs: number,
): TimelineView['terms'] {
  const terms = overlapTerms(state, rotation, nowMs);
  if (terms === null) return null;
  return {
    propagation_s: seconds(terms.propagationMs),
    propagation_of: terms.propagationOf,
    publish_safety_s: terms.publishSafetyMs / 1_000,
    lifetime_s: seconds(terms.lifetimeMs),
    skew_s: terms.skewMs / 1_000,
    retire_safety_s: terms.retireSafetyMs / 1_000,
  };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
