import { openRotations } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import type { Canaries } from '../../canary/canaries.ts';
import type { Engine } from '../../engine-port.ts';
import type { StatusView } from '../schemas/status.ts';
import { alarms, alertViews } from './alert.ts';
import { canariesView } from './canaries.ts';
import { issuerViews } from './fleet.ts';
import { taintedContainment } from './emergency.ts';
import { gateViews } from './gate.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import { propagationView } from './propagation.ts';
import { rotationView } from './rotation.ts';
import { blindViews } from './services.ts';

const ROTATIONS_SHOWN_MAX = 20;

const ALERTS_SHOWN_MAX = 50;

const BLIND_SHOWN_MAX = 50;

/** The collector, its fleet and every open rotation at a glance; costs no scan of the fleet. */
export function statusView(engine: Engine, canaries: Canaries, version: string): StatusView {
  const state = engine.state();
  const nowMs = engine.nowMs();
  const { health } = state;
  // What people started comes first; what was only observed comes apart from it.
  const open = [...openRotations(state)].sort((a, b) => a.origin.localeCompare(b.origin));
  const firing = alarms(state);
  return {
    version,
    now_at: isoMoment(nowMs),
    started_at: isoMoment(health.startedAtMs),
    hold_down_until_at: nowMs < health.holdDownUntilMs ? isoMoment(health.holdDownUntilMs) : null,
    store_failing_since_at: isoMomentOrNull(health.storeFailingSinceMs),
    refused_verifiers: health.refusedVerifiers,
    dropped_rotations: health.droppedRotations,
    dropped_alerts: health.droppedAlerts,
    dropped_notices: health.droppedNotices,
    fleet: fleetView(state),
    alerts: firing.slice(0, ALERTS_SHOWN_MAX).map(alertViews(state, nowMs)),
    more_alerts: Math.max(0, firing.length - ALERTS_SHOWN_MAX),
    issuers: issuerViews(state),
    rotations: open.slice(0, ROTATIONS_SHOWN_MAX).map((rotation) => ({
      rotation: rotationView(state, rotation),
      gates: gateViews(engine, rotation.id),
      blind: blindViews(state, rotation, nowMs, BLIND_SHOWN_MAX),
      canaries: canariesView(engine, canaries, rotation.id),
      propagation: propagationView(engine, rotation),
      containment: taintedContainment(engine, rotation),
    })),
    more_rotations: Math.max(0, open.length - ROTATIONS_SHOWN_MAX),
  };
}

function fleetView(state: Readonly<State>): StatusView['fleet'] {
  const issuers: StatusView['fleet']['issuers'] = [];
  for (const [issuer, groups] of state.fleet.groups) {
    const totals = { issuer, services: 0, verifiers: 0, reporting: 0, silent: 0, joined: 0 };
    for (const group of groups.values()) {
      totals.services += 1;
      totals.verifiers += group.members.size;
      totals.silent += group.silent.size;
      totals.joined += group.joined.size;
    }
    totals.reporting = totals.verifiers - totals.silent - totals.joined;
    issuers.push(totals);
  }
  return { verifiers_known: state.fleet.verifiers.size, issuers };
}
