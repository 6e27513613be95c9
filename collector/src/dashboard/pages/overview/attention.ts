import { counted } from '@keyturn/shared/model/counted.ts';
import type { IssuerGlanceView, RotationGlanceView } from '../../../api/schemas/glance.ts';
import type { CollectorGlanceView, OverviewView } from '../../../api/schemas/overview.ts';

/** Something that is not well with the collector itself. */
export interface CollectorProblem {
  readonly id: string;
  /** Nothing the collector says can be relied on while it lasts. */
  readonly isGrave: boolean;
  readonly text: string;
  /** When it began, or ends where `isUntil`. */
  readonly at: string | null;
  readonly isUntil?: true;
  readonly help: string;
}

/** What a person should know of the collector, gravest first; empty: it works. */
export function collectorProblems(health: CollectorGlanceView): readonly CollectorProblem[] {
  return [...graveProblems(health), ...lostProblems(health)];
}

function graveProblems(health: CollectorGlanceView): CollectorProblem[] {
  const { proof_failing: proof, receivers_failing: failing } = health;
  const problems: CollectorProblem[] = [];
  if (health.store_failing_since_at !== null) {
    problems.push({
      id: 'store',
      isGrave: true,
      text: 'The store refuses writes: every gate says unknown',
      at: health.store_failing_since_at,
      help: 'keyturn doctor',
    });
  }
  if (proof !== null) {
    problems.push({
      id: 'proof',
      isGrave: true,
      text: `What was written cannot be read back (${proof.problem}): every gate says unknown`,
      at: proof.since_at,
      help: 'keyturn doctor',
    });
  }
  if (health.hold_down_until_at !== null) {
    problems.push({
      id: 'hold-down',
      isGrave: false,
      text: 'Started a moment ago: gates say unknown until the fleet has been heard',
      at: health.hold_down_until_at,
      isUntil: true,
      help: '',
    });
  } else if (health.watchdog === 'is_missing' && health.store_failing_since_at === null) {
    problems.push({
      id: 'watchdog',
      isGrave: false,
      text: 'The watchdog does not fire: no write was read back lately',
      at: null,
      help: 'keyturn doctor',
    });
  }
  if (failing.length > 0) {
    problems.push({
      id: 'receivers',
      isGrave: false,
      text: `${counted(failing.length, 'receiver')} of alerts did not take what was sent last: ${failing.join(', ')}`,
      at: null,
      help: `keyturn alerts test ${failing[0] ?? ''}`,
    });
  }
  return problems;
}

function lostProblems(health: CollectorGlanceView): CollectorProblem[] {
  const lost: readonly (readonly [string, number, string, string])[] = [
    [
      'refused',
      health.refused_verifiers,
      `Hellos of verifiers were turned away ${counted(health.refused_verifiers, 'time')}: the fleet was at its bound of ${health.verifiers_max}`,
      'raise policy.max_verifiers in the collector settings',
    ],
    [
      'alerts',
      health.dropped_alerts,
      `${counted(health.dropped_alerts, 'condition')} raised no alert for want of room`,
      'keyturn alerts',
    ],
    [
      'notices',
      health.dropped_notices,
      `${counted(health.dropped_notices, 'notice')} made room before being delivered`,
      'keyturn doctor',
    ],
    [
      'keys',
      health.dropped_keys,
      `${counted(health.dropped_keys, 'key')} of overlong key sets were not taken in`,
      'keyturn doctor',
    ],
    [
      'rotations',
      health.dropped_rotations,
      `${counted(health.dropped_rotations, 'ended observed rotation')} made room for later ones`,
      '',
    ],
  ];
  return lost
    .filter(([, count]) => count > 0)
    .map(([id, , text, help]) => ({ id, isGrave: false, text, at: null, help }));
}

/** Whether an issuer's JWKS was read everywhere, lately enough, and says one thing. */
export function isInOrder(issuer: IssuerGlanceView, nowMs: number): boolean {
  const { differs, read_counts_until_at: until, reused_kids: reused, standing } = issuer;
  if (differs || reused > 0) return false;
  if (standing === 'none') return issuer.shared_secrets;
  return standing === 'readable' && until !== null && Date.parse(until) > nowMs;
}

/** Whether a rotation goes its way: waiting is nothing wrong, not knowing and going back are. */
export function isGoingWell({ findings, gates, next, tainted }: RotationGlanceView): boolean {
  if (tainted || findings.length > 0) return false;
  if (gates.some(({ advised, status }) => advised || status === 'aborted')) return false;
  return next === null || next.status !== 'unknown';
}

/** Whether nothing at all needs a person: what is not known counts as needing one. */
export function isCalm(view: OverviewView, nowMs: number): boolean {
  return (
    view.alerts.firing === 0 &&
    collectorProblems(view.collector).length === 0 &&
    view.more_issuers === 0 &&
    view.more_rotations === 0 &&
    view.rotations.every(isGoingWell) &&
    // That nobody complains says nothing where nobody is heard.
    view.issuers.some(({ fleet }) => fleet.reporting > 0) &&
    view.issuers.every(
      (issuer) => isInOrder(issuer, nowMs) && issuer.fleet.silent + issuer.fleet.joined === 0,
    )
  );
}
