import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { GATES } from '@keyturn/shared/model/verdict.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { Dated } from '../../history/event-log.ts';
import { type GateEvent, type GateSpan, gateSpans } from '../../history/gate-events.ts';
import type { Stretch } from '../../history/resolutions.ts';
import {
  EVIDENCE,
  OLD_STANDINGS,
  type PropagationSample,
  type RotationBucket,
} from '../../history/rotation-bucket.ts';
import type { OutcomeCounts, TokenBucket } from '../../history/token-bucket.ts';
import { isoMoment, isoMomentOrNull } from '../../iso-moment.ts';
import type { RotationHistoryView } from '../schemas/history.ts';
import { perSecond, unseen } from './history-tokens.ts';

type Buckets = readonly (RotationBucket | null)[];
type ArmView = RotationHistoryView['control']['new'];

/** How far the keys had come, in columns. */
export function propagationColumns(buckets: Buckets): RotationHistoryView['propagation'] {
  const samples = buckets.map((bucket) => bucket?.propagation ?? null);
  const column = (value: (sample: PropagationSample) => number): (number | null)[] =>
    samples.map((sample) => (sample === null ? null : value(sample)));
  const grades = EVIDENCE.filter((grade) => samples.some((each) => each?.byGrade[grade]));
  return {
    verifiers: column((each) => each.verifiers),
    knowing: column((each) => each.knowing),
    knowing_fewest: column((each) => each.knowingFewest),
    lacking: column((each) => each.lacking),
    unheard: column((each) => each.unheard),
    by_grade: grades.map((grade) => ({
      grade,
      values: column((each) => each.byGrade[grade] ?? 0),
    })),
    by_old: OLD_STANDINGS.map((standing) => ({
      standing,
      values: column((each) => each.byOld[standing]),
    })),
  };
}

/** Tokens of one key and those of them that were refused, as comparisons count them. */
export function armView(kid: string, buckets: readonly (TokenBucket | null)[]): ArmView {
  const label = `kid ${kid}` as const;
  const rates = (count: (outcomes: OutcomeCounts) => number): (number | null)[] =>
    buckets.map((bucket) => {
      const outcomes = bucket?.counts.get(label);
      const nothing = unseen(bucket, label);
      if (bucket === null || outcomes === undefined || nothing === null) return nothing;
      return perSecond(count(outcomes), bucket.watchedMs);
    });
  return {
    kid,
    tokens: rates((outcomes) => sum(outcomes, (outcome) => outcome !== 'malformed')),
    failures: rates((outcomes) => sum(outcomes, isRefusal)),
  };
}

/** What each gate said in a stretch. */
export function gateColumns(
  events: readonly Dated<GateEvent>[],
  { endedAtMs }: RotationRecord,
  { fromS, toS }: Stretch,
): RotationHistoryView['gates'] {
  return GATES.map((gate) => ({
    gate,
    spans: gateSpans(events, gate, endedAtMs)
      .filter(
        ({ fromMs, toMs }) => fromMs <= (toS + 1) * 1_000 && (toMs ?? Infinity) >= fromS * 1_000,
      )
      .map(spanView),
  }));
}

function spanView({ status, fromMs, toMs, reason }: GateSpan) {
  return { status, from_at: isoMoment(fromMs), to_at: isoMomentOrNull(toMs), reason };
}

function sum(outcomes: OutcomeCounts, counts: (outcome: Outcome) => boolean): number {
  let total = 0;
  for (const outcome of Object.keys(outcomes) as Outcome[]) {
    if (counts(outcome)) total += outcomes[outcome] ?? 0;
  }
  return total;
}

// Tokens of the new key are young and those of the old one are not.
function isRefusal(outcome: Outcome): boolean {
  switch (outcome) {
    case 'ok':
    case 'malformed':
    case 'expired':
    case 'not_yet_valid':
    case 'unknown_kid_expired_token':
      return false;
    default:
      return true;
  }
}
