import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { isTelling } from '../../history/bucket-kind.ts';
import type { Drawn } from '../../history/history.ts';
import { kidOf, type TokenBucket, type TokenLabel } from '../../history/token-bucket.ts';
import type { TokenHistoryView } from '../schemas/history.ts';

type SeriesView = TokenHistoryView['series'][number];

interface Column {
  readonly label: TokenLabel;
  readonly outcome: Outcome;
  readonly values: (number | null)[];
  sum: number;
}

/** Rates by kid and outcome, the busiest first, at most `seriesMax`; `kid`: of this one alone. */
export function tokenSeries(
  { buckets }: Drawn<TokenBucket>,
  kid: string | undefined,
  seriesMax: number,
): { readonly series: SeriesView[]; readonly more: number } {
  const columns = new Map<TokenLabel, Map<Outcome, Column>>();
  for (const [at, bucket] of buckets.entries()) {
    for (const [label, outcomes] of bucket?.counts ?? []) {
      if (kid !== undefined && kidOf(label) !== kid) continue;
      for (const outcome of Object.keys(outcomes) as Outcome[]) {
        const column = columnOf(columns, label, outcome, buckets);
        const count = outcomes[outcome] ?? 0;
        column.sum += count;
        if (isHeard(bucket)) column.values[at] = perSecond(count, bucket.watchedMs);
      }
    }
  }
  const all = [...columns.values()].flatMap((ofLabel) => [...ofLabel.values()]);
  const busiest = all.sort((a, b) => b.sum - a.sum);
  return {
    series: busiest.slice(0, seriesMax).map(seriesView),
    more: Math.max(0, busiest.length - seriesMax),
  };
}

/** Nobody to hear from is no rate of zero. */
function isHeard(bucket: TokenBucket | null): bucket is TokenBucket {
  if (bucket === null || !isTelling(bucket) || bucket.known === 0) return false;
  return bucket.reporting !== 0 || bucket.counts.size > 0;
}

/** What it means that a bucket has nothing of a label: none came, or nobody can say. */
export function unseen(bucket: TokenBucket | null, label: TokenLabel): 0 | null {
  if (!isHeard(bucket)) return null;
  // What had no room on the way may have been of this kid.
  const mayBeAmongOthers = kidOf(label) !== null && bucket.counts.has('other');
  return mayBeAmongOthers && !bucket.counts.has(label) ? null : 0;
}

function columnOf(
  columns: Map<TokenLabel, Map<Outcome, Column>>,
  label: TokenLabel,
  outcome: Outcome,
  buckets: readonly (TokenBucket | null)[],
): Column {
  let ofLabel = columns.get(label);
  if (ofLabel === undefined) columns.set(label, (ofLabel = new Map()));
  let column = ofLabel.get(outcome);
  if (column === undefined) {
    const values = buckets.map((bucket) => unseen(bucket, label));
    ofLabel.set(outcome, (column = { label, outcome, values, sum: 0 }));
  }
  return column;
}

function seriesView({ label, outcome, values }: Column): SeriesView {
  const kid = kidOf(label);
  const of = kid === null ? (label as Exclude<SeriesView['of'], 'kid'>) : 'kid';
  return { of, kid, outcome, values };
}

export function perSecond(count: number, watchedMs: number): number {
  return Math.round((count / watchedMs) * 1_000_000) / 1_000;
}
