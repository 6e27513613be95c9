import { servicePolicyOf, type Verifier } from '../../core/fleet.ts';
import type { AlertRecord } from '../../core/alerts/alert.ts';
import type { HeldCounts } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';
import { isSilentAndReplaced } from '../fleet-rows/row.ts';
import type { VerifierDetailView } from '../schemas/verifier-detail.ts';
import { alertViews, byOrder } from './alert.ts';
import { profileView } from './fleet.ts';
import { retirementViews } from './retirement.ts';
import { verifierHelp } from './verifier-help.ts';
import { verifierView } from './verifier.ts';

const COUNTS_SHOWN_MAX = 100;

const ALERTS_SHOWN_MAX = 50;

/** Everything known of one verifier now, as JSON. */
export function verifierDetailView(
  state: State,
  verifier: Verifier,
  nowMs: number,
): VerifierDetailView {
  const service = servicePolicyOf(state.policy, verifier.record);
  const { counts } = verifier.record;
  return {
    verifier: verifierView(state.policy, verifier),
    contested: verifier.contestedUntilMs > nowMs,
    replaced: isSilentAndReplaced(verifier),
    stale: verifier.groups.some((group) => group.stale.has(verifier)),
    clock_ahead_s: verifier.clockAheadMs === null ? null : verifier.clockAheadMs / 1_000,
    service: {
      declared: service.declared,
      kind: service.kind,
      required: service.required,
      evidence: service.evidence,
      instances_expected: service.instances,
      instances_live:
        verifier.groups.length === 0
          ? 0
          : Math.min(...verifier.groups.map(({ liveCaches }) => liveCaches.size)),
    },
    profile: profileView(verifier.groups[0]?.service.profile ?? service.profile),
    retirement: [...retirementViews(state, verifier, nowMs)],
    counts: counts.slice(0, COUNTS_SHOWN_MAX).map(countsView),
    counts_left_out: Math.max(0, counts.length - COUNTS_SHOWN_MAX),
    alerts: alertsAbout(state, verifier).slice(0, ALERTS_SHOWN_MAX).map(alertViews(state, nowMs)),
    help: [...verifierHelp(state, verifier)],
  };
}

function countsView(row: HeldCounts): VerifierDetailView['counts'][number] {
  return {
    issuer: row.issuer,
    kid: row.key.kind === 'kid' ? row.key.kid : null,
    outcomes: { ...row.outcomes },
    last_accepted_at: isoMomentOrNull(row.lastAcceptedAtMs),
  };
}

/** Alerts of this verifier, and those of its service that name no other. */
function alertsAbout(state: State, { record }: Verifier): readonly AlertRecord[] {
  const { service, instance, cache } = record.id;
  return [...state.alerts.values()]
    .filter(
      ({ labels, status }) =>
        status !== 'pending' &&
        labels.service === service &&
        (labels.instance ?? instance) === instance &&
        (labels.cache ?? cache) === cache,
    )
    .toSorted(byOrder);
}
