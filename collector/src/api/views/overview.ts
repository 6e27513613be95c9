import { isFiring } from '../../core/alerts/alert.ts';
import { muter } from '../../core/alerts/mute.ts';
import { openRotations } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import type { LiveContext } from '../live/live-views.ts';
import type { CollectorGlanceView, OverviewView } from '../schemas/overview.ts';
import { alarms } from './alert.ts';
import { alertGroups } from './alert-groups.ts';
import { issuerGlances } from './issuer-glance.ts';

// Few: what else needs a person has to be in sight too, and there is a page of alerts.
const ALERT_LIMITS = { groups: 8, perGroup: 3 } as const;
const ROTATIONS_SHOWN_MAX = 40;
const ISSUERS_SHOWN_MAX = 60;

/** Everything at a glance; costs no scan of the fleet. */
export function overviewView(context: LiveContext): OverviewView {
  const { engine, glances } = context;
  const state = engine.state();
  const nowMs = engine.nowMs();
  const firing = alarms(state);
  const { groups, more } = alertGroups(
    firing,
    muter(state, { atMs: nowMs, earliestMs: nowMs }),
    ALERT_LIMITS,
  );
  // What people started comes first; what was only observed comes apart from it.
  const open = openRotations(state).sort(
    (a, b) => a.origin.localeCompare(b.origin) || a.startedAtMs - b.startedAtMs,
  );
  const issuers = issuerGlances(state);
  return {
    collector: collectorGlance(context, state, nowMs),
    alerts: {
      firing: firing.length,
      critical: firing.filter(({ severity }) => severity === 'critical').length,
      groups,
      more,
    },
    rotations: open.slice(0, ROTATIONS_SHOWN_MAX).map((rotation) => glances.glance(rotation)),
    more_rotations: Math.max(0, open.length - ROTATIONS_SHOWN_MAX),
    issuers: issuers.slice(0, ISSUERS_SHOWN_MAX),
    more_issuers: Math.max(0, issuers.length - ISSUERS_SHOWN_MAX),
  };
}

function collectorGlance(
  { notifier, version }: LiveContext,
  state: Readonly<State>,
  nowMs: number,
): CollectorGlanceView {
  const { health } = state;
  const receivers = notifier.health();
  const proof = health.proofFailing;
  const watchdog = [...state.alerts.values()].find(({ name }) => name === 'Watchdog');
  return {
    version,
    started_at: isoMoment(health.startedAtMs),
    hold_down_until_at: nowMs < health.holdDownUntilMs ? isoMoment(health.holdDownUntilMs) : null,
    store_failing_since_at: isoMomentOrNull(health.storeFailingSinceMs),
    proof_failing:
      proof === null ? null : { since_at: isoMoment(proof.sinceMs), problem: proof.problem },
    watchdog: watchdog !== undefined && isFiring(watchdog) ? 'fires' : 'is_missing',
    verifiers_known: state.fleet.verifiers.size,
    verifiers_max: state.policy.verifiersMax,
    refused_verifiers: health.refusedVerifiers,
    dropped_rotations: health.droppedRotations,
    dropped_alerts: health.droppedAlerts,
    dropped_notices: health.droppedNotices,
    dropped_keys: health.droppedKeys,
    receivers_failing: receivers
      .filter(({ failingSinceMs }) => failingSinceMs !== null)
      .map(({ name }) => name),
    receivers: receivers.length,
  };
}
