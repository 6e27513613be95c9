import { counted } from '@keyturn/shared/model/counted.ts';
import type { ServiceRowView } from '../../../api/schemas/live-inventory.ts';
import { formatDuration } from '../../ui/duration.ts';

type OfIssuer = ServiceRowView['issuers'][number];

/** What decides that a service knows a new key, in a sentence. */
export function howJudged(
  row: Pick<ServiceRowView, 'judged_by' | 'evidence' | 'population' | 'shipping_interval_s'>,
): string {
  switch (row.judged_by) {
    case 'evidence':
      return `by evidence, at least ${row.evidence}`;
    case 'attested': {
      const everyS = row.shipping_interval_s;
      const ships =
        everyS === null ? '' : `; keys are shipped every ${formatDuration(everyS * 1_000)}`;
      return `by the word of a person${ships}`;
    }
    case 'timed':
      return 'by time and its profile alone';
    case 'population':
      return populationWords(row.population);
  }
}

function populationWords(population: ServiceRowView['population']): string {
  if (population === null) return 'by its declared refresh';
  const { cover_percentile: mustCover, covered_percentile: covered } = population;
  const { covered_within_s: withinS, uncovered_percent: left } = population;
  if (covered === null || withinS === null) {
    return `by its declared refresh, and none covers the ${mustCover} % that must be`;
  }
  const out = left > 0 ? `; ${left} % of it is left out` : '';
  return `by its declared refresh: ${covered} % within ${formatDuration(withinS * 1_000)}${out}`;
}

/** Instances expected against those live, of one issuer. */
export function expectedOf(
  {
    instances_at_most: most,
    instances_expected: expected,
    instances_live: live,
  }: Pick<OfIssuer, 'instances_at_most' | 'instances_expected' | 'instances_live'>,
  { declared, kind }: Pick<ServiceRowView, 'declared' | 'kind'>,
): string {
  const isHeard = kind === 'instrumented' || kind === 'proxied' || kind === 'pushed';
  if (!isHeard && live === 0) return 'does not report';
  if (!declared) return `${counted(live, 'instance')} live, none expected`;
  if (expected === null) return `${counted(live, 'instance')} live, any number expected`;
  const range = most === null || most === expected ? `${expected}` : `${expected} to ${most}`;
  return `${live} of ${range} expected`;
}
