import { z } from 'zod';
import type { ActView, DecisionView } from '../api/schemas/report.ts';
import { isoMoment } from '../iso-moment.ts';
import type { RotationRecord } from '../core/records.ts';
import type { StoredAuditEntry } from '../store/store.ts';

/** Entries of one kind that a report shows; of more, as many of the first as of the last. */
const SHOWN_MAX = 1_000;

export interface Kept<T> {
  readonly kept: T[];
  readonly leftOut: number;
}

/**
 * The trail without what is noted when somebody merely reads the gates of a rotation that has ended:
 * they say so, and a report must not change by being read.
 */
export function settledTrail(
  trail: readonly StoredAuditEntry[],
  rotation: RotationRecord,
): readonly StoredAuditEntry[] {
  if (rotation.outcome === null) return trail;
  const step = rotation.outcome === 'completed' ? 'declare_complete' : 'declare_abort';
  const end = trail.findLast(
    ({ kind, action }) =>
      (kind === 'act' && action === step) || action === `observed_${rotation.outcome ?? ''}`,
  );
  if (end === undefined) return trail;
  return trail.filter((entry) => entry.kind !== 'decision' || entry.number < end.number);
}

/** Every change of a gate, with what kept it shut. */
export function decisionsOf(trail: readonly StoredAuditEntry[]): Kept<DecisionView> {
  return ends(
    trail.filter((entry) => entry.kind === 'decision'),
    decisionView,
  );
}

/** What people and tools did, and what they were refused. */
export function actsOf(trail: readonly StoredAuditEntry[]): Kept<ActView> {
  return ends(
    trail.filter((entry) => entry.kind === 'act' || entry.kind === 'refusal'),
    (entry) => ({
      number: entry.number,
      at: isoMoment(entry.atMs),
      refused: entry.kind === 'refusal',
      by: entry.actor,
      action: entry.action,
      message: entry.message,
      hash: entry.hash,
    }),
  );
}

// The detail of an entry is what the version that wrote it put there.
const Detail = z.object({
  gate: z.string().catch(''),
  status: z.string().catch(''),
  before: z.string().nullable().catch(null),
  checks: z.array(z.object({ status: z.string(), message: z.string() })).catch([]),
});

function decisionView(entry: StoredAuditEntry): DecisionView {
  const detail = Detail.parse(entry.detail);
  return {
    number: entry.number,
    at: isoMoment(entry.atMs),
    gate: detail.gate,
    status: detail.status,
    before: detail.before,
    reasons: detail.checks
      .filter((check) => check.status === 'fail' || check.status === 'unknown')
      .map((check) => check.message),
    hash: entry.hash,
  };
}

function ends<T>(
  entries: readonly StoredAuditEntry[],
  viewOf: (entry: StoredAuditEntry) => T,
): Kept<T> {
  const kept =
    entries.length <= SHOWN_MAX
      ? entries
      : [...entries.slice(0, SHOWN_MAX / 2), ...entries.slice(-SHOWN_MAX / 2)];
  return { kept: kept.map(viewOf), leftOut: entries.length - kept.length };
}
