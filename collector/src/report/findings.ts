import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { FindingView } from '../api/schemas/report.ts';
import { isoMoment } from '../iso-moment.ts';
import { EVIDENCE_TAKEN } from '../evidence-witness.ts';
import { occasionName } from '../occasion-name.ts';
import type { RotationRecord } from '../core/records.ts';
import type { StoredAuditEntry } from '../store/store.ts';
import type { ReportFacts } from './report-facts.ts';

/** How much observations of the audit trail weigh; others are notes. */
const LEVELS: Readonly<Record<string, FindingView['level']>> = {
  kid_reused: 'alarm',
  retired_key_back: 'alarm',
  bogus_accepted: 'alarm',
  key_vanished: 'warning',
  jwks_unreadable: 'warning',
  observed_swapped: 'warning',
  observed_early_use: 'warning',
  observed_short_lead: 'warning',
  observed_early_removal: 'warning',
  observed_went_back: 'warning',
};

/** Observations that are the rotation itself, and no finding. */
const EXPECTED: ReadonlySet<string> = new Set([
  EVIDENCE_TAKEN,
  'key_seen',
  'key_published',
  'key_withdrawn',
  'key_back',
  'rotation_observed',
  'observed_completed',
  'observed_aborted',
  'bogus_refused',
]);

const FINDINGS_MAX = 200;

/** What was out of the ordinary, by time; without one comes first. */
export function findingsOf(facts: ReportFacts): FindingView[] {
  const found = [...standing(facts), ...observed(facts), ...atSteps(facts)];
  const sorted = found.toSorted((a, b) => {
    const [first, second] = [a.at ?? '', b.at ?? ''];
    return first === second ? (a.message < b.message ? -1 : 1) : first < second ? -1 : 1;
  });
  if (sorted.length <= FINDINGS_MAX) return sorted;
  const more = sorted.length - FINDINGS_MAX;
  return [
    ...sorted.slice(0, FINDINGS_MAX),
    {
      id: 'more_findings',
      level: 'warning',
      at: null,
      message: `${more} more are in the audit trail`,
    },
  ];
}

function observed({ trail, rotation }: ReportFacts): FindingView[] {
  return trail
    .filter((entry) => entry.kind === 'observation' && !EXPECTED.has(entry.action))
    .filter((entry) => !isRetirement(entry, rotation))
    .map((entry) => ({
      id: entry.action,
      level: LEVELS[entry.action] ?? 'note',
      at: isoMoment(entry.atMs),
      message: entry.message,
    }));
}

/** The old key leaves one address before the next: after it was retired that is no news. */
function isRetirement(entry: StoredAuditEntry, rotation: RotationRecord): boolean {
  const retiredAtMs = rotation.declared.retire?.atMs;
  if (entry.action !== 'key_vanished' || retiredAtMs === undefined) return false;
  return entry.detail['kid'] === rotation.oldKid && entry.atMs >= retiredAtMs;
}

/** What the records say by themselves. */
function standing(facts: ReportFacts): FindingView[] {
  const { rotation, oldUsage, reusedKids } = facts;
  const found: FindingView[] = reusedKids.map((kid) => ({
    id: 'kid_reused',
    level: 'alarm',
    at: null,
    message: `kid ${kid} was seen with more than one thumbprint`,
  }));
  if (rotation.tainted) {
    const taint = rotation.declared.taint;
    found.push({
      id: 'key_tainted',
      level: 'alarm',
      at: taint === undefined ? null : isoMoment(taint.atMs),
      message: `the old key was marked as compromised${taint === undefined ? '' : ` by ${taint.by}`}`,
    });
  }
  if (oldUsage !== null && oldUsage.acceptedWithoutExp > 0) {
    found.push({
      id: 'tokens_without_expiry',
      level: 'warning',
      at: null,
      message: `${counted(oldUsage.acceptedWithoutExp, 'accepted token')} of the old key had no expiry`,
    });
  }
  const endMs = rotation.outcome === 'completed' ? rotation.endedAtMs : null;
  if (oldUsage !== null && endMs !== null && oldUsage.lastAcceptedAtMs > endMs) {
    found.push({
      id: 'old_key_accepted_after_end',
      level: 'alarm',
      at: isoMoment(oldUsage.lastAcceptedAtMs),
      message: `a token of the old key was accepted at ${moment(oldUsage.lastAcceptedAtMs)}, after the rotation was completed`,
    });
  }
  return found;
}

/** What was true as a step was taken, and should not have been. */
function atSteps({ evidence }: ReportFacts): FindingView[] {
  const found: FindingView[] = [];
  for (const { record } of evidence) {
    if (record.occasion.kind !== 'step') continue;
    const at = isoMoment(record.atMs);
    const step = occasionName(record.occasion);
    const { oldTokensGoneAtMs, lastOldAcceptedAtMs } = record.moments;
    if (record.occasion.overrideReason !== null) {
      found.push({
        id: 'step_against_gate',
        level: 'warning',
        at,
        message: `${step} was taken by ${record.occasion.by} although its gate was ${record.verdict?.status ?? 'not open'}`,
      });
    }
    const waived = record.verdict?.checks.filter((check) => check.status === 'waived') ?? [];
    if (waived.length > 0) {
      found.push({
        id: 'step_with_waivers',
        level: 'warning',
        at,
        message: `${step} was taken with waived checks: ${waived.map((check) => check.id).join(', ')}`,
      });
    }
    if (
      oldTokensGoneAtMs !== null &&
      lastOldAcceptedAtMs !== null &&
      lastOldAcceptedAtMs > oldTokensGoneAtMs
    ) {
      found.push({
        id: 'old_key_in_use_late',
        level: 'warning',
        at,
        message: `at ${step} a token of the old key had been accepted after all should have expired`,
      });
    }
    const holding = record.services.reduce((sum, service) => sum + (service.byOld['held'] ?? 0), 0);
    if (record.occasion.step === 'complete' && holding > 0) {
      found.push({
        id: 'old_key_held_at_end',
        level: 'warning',
        at,
        message: `${counted(holding, 'verifier')} still held the old key when the rotation was completed`,
      });
    }
  }
  return found;
}
