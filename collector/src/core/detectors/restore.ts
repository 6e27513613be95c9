import { restoredBaseline } from './baseline.ts';
import type { ComparisonKind } from './comparison.ts';
import { comparisonsOf, serviceComparison, verifierComparison } from './comparisons.ts';
import {
  type Detectors,
  emptyDetectors,
  serviceSeries,
  verifierSeries,
  type WatchedBucket,
} from './detectors.ts';
import { CALM_FOR_MS } from './parameters.ts';
import { type SeriesRecord, restoreExcursion } from './series-record.ts';
import type { Series } from './series.ts';
import { parseVerifierKey } from './verifier-labels.ts';

/** Detectors as they were when last written. Records of issuers nobody configures any more are left. */
export function restoredDetectors(
  issuers: Iterable<string>,
  records: readonly SeriesRecord[],
  services: (verifierKey: string) => string | undefined,
  nowMs: number,
  calmForMs: number = CALM_FOR_MS,
  apart: ReadonlySet<string> = new Set(),
): Detectors {
  const detectors = emptyDetectors(issuers, nowMs, calmForMs, apart);
  // Verifiers come after the services they belong to.
  const known = records.map((record) => ({ record, of: JSON.parse(record.id) as IdParts }));
  const rank = ({ of }: (typeof known)[number]): number => (of[1] === 'verifier' ? 1 : 0);
  for (const { record, of } of known.sort((a, b) => rank(a) - rank(b))) {
    if (isOfVerifier(of)) restoreVerifierComparison(detectors, of, record, nowMs);
    else if (isComparison(of)) restoreComparison(detectors, of, record, nowMs);
    else restoreSeries(detectors, of, record, services, nowMs);
  }
  return detectors;
}

type SeriesParts = readonly [
  kind: 'attributable' | 'foreign',
  tier: string,
  issuer: string,
  name: string,
];
type ComparisonParts = readonly [
  kind: ComparisonKind,
  issuer: string,
  rotationId: string,
  service: string | null,
];
type VerifierComparisonParts = readonly [
  kind: 'verifier',
  issuer: string,
  rotationId: string,
  verifierKey: string,
];
type IdParts = SeriesParts | ComparisonParts | VerifierComparisonParts;

function isOfVerifier(of: IdParts): of is VerifierComparisonParts {
  return of[0] === 'verifier';
}

function isComparison(of: SeriesParts | ComparisonParts): of is ComparisonParts {
  return of[0] === 'key' || of[0] === 'holders';
}

function restoreComparison(
  detectors: Detectors,
  [kind, issuer, rotationId, service]: ComparisonParts,
  record: SeriesRecord,
  nowMs: number,
): void {
  const of = detectors.issuers.get(issuer);
  if (of === undefined) return;
  const compared = comparisonsOf(of, rotationId, nowMs);
  if (compared === undefined) return;
  const comparison =
    kind === 'holders'
      ? compared.holders
      : service === null
        ? compared.fleet
        : serviceComparison(of, compared, service, nowMs);
  if (comparison !== undefined) restoreExcursion(comparison, record);
}

// One that is gone by now is dropped at the first look.
function restoreVerifierComparison(
  detectors: Detectors,
  [, issuer, rotationId, key]: VerifierComparisonParts,
  record: SeriesRecord,
  nowMs: number,
): void {
  const of = detectors.issuers.get(issuer);
  const compared = of === undefined ? undefined : comparisonsOf(of, rotationId, nowMs);
  if (of === undefined || compared === undefined) return;
  const verifier = { key, service: parseVerifierKey(key).service };
  const comparison = verifierComparison(detectors, of, compared, verifier, nowMs);
  if (comparison !== undefined) restoreExcursion(comparison, record);
}

function restoreSeries(
  detectors: Detectors,
  parts: SeriesParts,
  record: SeriesRecord,
  services: (verifierKey: string) => string | undefined,
  nowMs: number,
): void {
  const series = seriesOf(detectors, parts, services, nowMs);
  if (series === undefined) return;
  restoreExcursion(series, record);
  if (series.baseline !== null && record.baseline !== null) {
    Object.assign(series.baseline, restoredBaseline(record.baseline));
  }
  if (series.firing !== null) detectors.firing.add(series);
  if (series.score === 0) return;
  // The bin it was written in may not have been looked at.
  series.isOpen = true;
  detectors.open.push(series);
}

function seriesOf(
  detectors: Detectors,
  [kind, tier, issuer, name]: SeriesParts,
  services: (verifierKey: string) => string | undefined,
  nowMs: number,
): Series | undefined {
  const of = detectors.issuers.get(issuer);
  if (of === undefined) return undefined;
  if (kind === 'foreign') return of.foreign;
  switch (tier) {
    case 'issuer':
      return of.fleet;
    case 'bucket':
      return of.buckets[name as WatchedBucket];
    case 'service':
      return serviceSeries(detectors, of, name, nowMs);
    default: {
      const service = services(name);
      return service === undefined ? undefined : verifierSeries(of, name, service);
    }
  }
}
