import type { Grade } from '@keyturn/shared/model/evidence.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check, Gate, Verdict, VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { fail } from './check.ts';
import { skippedInEmergency } from './emergency-skip.ts';
import { NO_ALERT } from './no-alert.ts';
import { observedHelp } from './observed-help.ts';

/** What a gate found, before waivers and standing orders. */
export interface Findings {
  readonly checks: readonly Check[];
  readonly weakestGrade: Grade | null;
  /** How long everything must pass before the gate opens, milliseconds. */
  readonly steadyForMs?: number;
  /** Rollback only. */
  readonly advised?: boolean;
}

/** Checks no waiver can set aside: with them failing, no other answer means anything. */
export const UNWAIVABLE: ReadonlySet<string> = new Set([
  'collector_ready',
  'store_writable',
  'rotation_open',
  'issuer_configured',
]);

/** Gates that ask about one switch, and anew after it was undone. */
const OF_ONE_SWITCH: ReadonlySet<Gate> = new Set(['activate', 'retire', 'purge']);

/** One fail closes, else one unknown leaves unknown, else open. */
export function statusOf(checks: readonly Check[]): VerdictStatus {
  let status: VerdictStatus = 'open';
  for (const check of checks) {
    if (check.status === 'fail') return 'closed';
    if (check.status === 'unknown') status = 'unknown';
  }
  return status;
}

/** Makes the verdict: waivers in force applied, ended rotations answered as such. */
export function verdictOf(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  findings: Findings,
  now: Now,
): Verdict {
  const checks = withWaivers(
    state,
    rotation,
    gate,
    withEnding(rotation, findings.checks).map((check) => observedHelp(rotation, check)),
    now,
  );
  const isAborted = rotation.outcome === 'aborted' || isStopped(state, checks);
  const status = isAborted ? 'aborted' : statusOf(checks);
  return {
    rotationId: rotation.id,
    gate,
    status,
    checks,
    weakestGrade: findings.weakestGrade,
    evaluatedAtMs: now.atMs,
    revision: 0,
    clearsAtMs: status === 'open' || status === 'aborted' ? null : opensAt(checks, findings),
    advised: findings.advised ?? false,
    advisory: rotation.origin === 'observed',
  };
}

/** By policy an alert that shuts a gate tells everybody to stop waiting. */
function isStopped(state: State, checks: readonly Check[]): boolean {
  if (state.policy.alerts.onAlert !== 'abort') return false;
  return checks.some(({ id, status }) => id === NO_ALERT && status === 'fail');
}

/** The checks with waivers in force applied. */
export function withWaivers(
  state: State,
  rotation: RotationRecord,
  gate: Gate,
  checks: readonly Check[],
  now: Now,
): readonly Check[] {
  return checks.map((check) =>
    waived(state, rotation, gate, skippedInEmergency(state, rotation, gate, check), now),
  );
}

/** What must differ for a reader to see a change. */
export function fingerprint(verdict: Verdict): string {
  const parts = verdict.checks.map(
    (check) =>
      `${check.id}:${check.status}:${check.offenderCount}:${check.clearsAtMs ?? ''}:${newsOf(check)}`,
  );
  return `${verdict.status}|${verdict.weakestGrade ?? ''}|${verdict.advised}|${parts.join('|')}`;
}

// Numbers in what passes, such as failures counted for `rollback`, may grow with every report.
function newsOf({ status, message }: Check): string {
  return status === 'pass' ? message.replaceAll(/\d+/g, '#') : message;
}

/** The sentence that says most about why a verdict is not open; empty when it is. */
export function firstReason(verdict: Verdict): string {
  const reason =
    verdict.checks.find((check) => check.status === 'fail') ??
    verdict.checks.find((check) => check.status === 'unknown');
  return reason?.message ?? '';
}

/** When everything passes, and then has for as long as it must. */
function opensAt(checks: readonly Check[], { steadyForMs = 0 }: Findings): number | null {
  const clearsAtMs = clearsAt(checks);
  return clearsAtMs === null ? null : clearsAtMs + steadyForMs;
}

/** When all checks that do not pass have a known end: the latest of them. */
function clearsAt(checks: readonly Check[]): number | null {
  let latestMs: number | null = null;
  for (const check of checks) {
    if (check.status === 'pass' || check.status === 'waived') continue;
    if (check.clearsAtMs === null) return null;
    latestMs = Math.max(latestMs ?? 0, check.clearsAtMs);
  }
  return latestMs;
}

function withEnding(rotation: RotationRecord, checks: readonly Check[]): readonly Check[] {
  return rotation.outcome === null ? checks : [rotationEnded(rotation)];
}

/** The one check of a rotation that has ended. */
export function rotationEnded(rotation: RotationRecord): Check {
  return fail('rotation_open', 'policy', endingOf(rotation), {
    sinceMs: rotation.endedAtMs,
    help:
      rotation.outcome === 'aborted' && rotation.origin === 'declared'
        ? 'keyturn rotation start --help'
        : '',
  });
}

function endingOf(rotation: RotationRecord): string {
  if (rotation.endedBecause !== null) return `the rotation has ended: ${rotation.endedBecause}`;
  const by = rotation.declared[rotation.outcome === 'aborted' ? 'abort' : 'complete']?.by ?? '';
  return `the rotation was ${rotation.outcome} by ${by}`;
}

function waived(state: State, rotation: RotationRecord, gate: Gate, check: Check, now: Now): Check {
  if (check.status === 'pass' || check.status === 'waived' || UNWAIVABLE.has(check.id))
    return check;
  for (const waiver of state.waivers.values()) {
    if (
      waiver.rotationId === rotation.id &&
      waiver.gate === gate &&
      waiver.checkId === check.id &&
      waiver.expiresAtMs > now.atMs &&
      // What was set aside for a switch that was undone is not set aside for the next one.
      !(OF_ONE_SWITCH.has(gate) && waiver.atMs <= (rotation.rolledBackAtMs ?? 0))
    ) {
      return {
        ...check,
        status: 'waived',
        message: `${check.message} (waived by ${waiver.by} until ${moment(waiver.expiresAtMs)}: ${waiver.reason})`,
        clearsAtMs: null,
        help: '',
      };
    }
  }
  return check;
}
