import type { Grade } from '@keyturn/shared/model/evidence.ts';

/**
 * How a service's verifiers come to be known. The first three report; `attested` and `static` are
 * vouched for by people, `managed` is somebody else's product, and an `unmanaged` population is
 * known by its declared refresh alone.
 */
export const SERVICE_KINDS = [
  'instrumented',
  'proxied',
  'pushed',
  'attested',
  'unmanaged',
  'static',
  'managed',
] as const;

export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** A share of a population and the time within which that share has replaced its keys. */
export interface Cohort {
  /** Above 0, at most 100. */
  readonly percentile: number;
  readonly withinMs: number;
}

/** Verifiers nobody can see one by one: mobile apps, partners, edge appliances. */
export interface Population {
  /** Percentiles rise from one to the next, and their times never fall. */
  readonly cohorts: readonly Cohort[];
  /** The share that must be covered, per cent. */
  readonly coverPercentile: number;
  /** True: a removed key goes with the refresh. False: after the bound of the service's profile. */
  readonly dropsWithRefresh: boolean;
}

/** The cohort that counts: the smallest declared share that is at least the required one. */
export function coveringCohort(population: Population): Cohort | null {
  return (
    population.cohorts.find((cohort) => cohort.percentile >= population.coverPercentile) ?? null
  );
}

/** The share beyond a cohort, per cent, without the noise of binary fractions. */
export function uncoveredPercent(cohort: Cohort): number {
  return Number((100 - cohort.percentile).toFixed(6));
}

/** True for kinds whose verifiers are heard: their instances are counted, silence blocks. */
export function reports(kind: ServiceKind): boolean {
  return kind === 'instrumented' || kind === 'proxied' || kind === 'pushed';
}

/** The kind of a service that declares none, from what decides about it. */
export function impliedKind(evidence: Grade, staticKeys: boolean): ServiceKind {
  if (evidence === 'timed') return 'managed';
  if (evidence === 'attested') return staticKeys ? 'static' : 'attested';
  return 'instrumented';
}
