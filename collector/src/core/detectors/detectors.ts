import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import { emptyBaseline } from './baseline.ts';
import type { Comparison } from './comparison.ts';
import type { KidFacts } from './kid-facts.ts';
import { ATTRIBUTABLE, BIN_MS, CALM_FOR_MS, FOREIGN, type SeriesKind } from './parameters.ts';
import { createSeries, type Series, type Tier } from './series.ts';

/** Services watched one by one; those beyond are watched with their issuer, and counted. */
export const SERVICE_SERIES_MAX = 10_000;

/** Kid buckets with a series of their own. */
export const WATCHED_BUCKETS = ['next', 'active', 'retired'] as const;
export type WatchedBucket = (typeof WATCHED_BUCKETS)[number];

/** Refusals of a kid nobody knows, kept a few minutes in case it is published. */
export interface Stranger {
  failures: number;
  tokens: number;
  sinceMs: number;
  readonly reasons: Map<Outcome, number>;
}

/** What is compared in one rotation. */
export interface RotationComparisons {
  /** New key against old; by service, and over all of them. */
  readonly fleet: Comparison;
  readonly services: Map<string, Comparison>;
  /** New key against old within one verifier, by its key; only those that refuse the new key's tokens lately. */
  readonly verifiers: Map<string, Comparison>;
  /** Verifiers without the new key against those with it. */
  readonly holders: Comparison;
}

/** Everything that is watched of one issuer. */
export interface IssuerDetectors {
  readonly issuer: string;
  /** How long a series has to be calm before it is over, milliseconds. */
  readonly calmForMs: number;
  readonly fleet: Series;
  readonly foreign: Series;
  readonly buckets: Readonly<Record<WatchedBucket, Series>>;
  /** By service name. */
  readonly services: Map<string, Series>;
  /** By verifier key; only those with failures lately. */
  readonly verifiers: Map<string, Series>;
  /** Of the fleet and of services, by id; only while a rotation is open. */
  readonly comparisons: Map<string, Comparison>;
  /** The same, and those of verifiers, by rotation. */
  readonly compared: Map<string, RotationComparisons>;
  /** What kids are, looked up once a bin. */
  readonly kids: Map<string, KidFacts>;
  /** By kid. */
  readonly strangers: Map<string, Stranger>;
  /** When a token of the issuer was last accepted anywhere. */
  acceptedAtMs: number;
}

/** All detectors. One owner: the state. */
export interface Detectors {
  readonly issuers: Map<string, IssuerDetectors>;
  /** Services that are watched by themselves: what they refuse is no part of the whole. */
  readonly apart: ReadonlySet<string>;
  /** Series with something in the open bin. */
  readonly open: Series[];
  readonly firing: Set<Series>;
  /** Those whose baseline is to be written, a few at a time. */
  readonly unwritten: Set<Series>;
  /** Width of a bin. */
  readonly binMs: number;
  /** The bin that is open. */
  bin: number;
  /** Bins that ended since the start. */
  looks: number;
  services: number;
  /** Reports of services beyond `SERVICE_SERIES_MAX`, and of verifiers beyond `VERIFIER_COMPARISONS_MAX`. */
  dropped: number;
}

export function emptyDetectors(
  issuers: Iterable<string>,
  nowMs: number,
  calmForMs: number = CALM_FOR_MS,
  apart: ReadonlySet<string> = new Set(),
): Detectors {
  return {
    issuers: new Map([...issuers].map((issuer) => [issuer, emptyIssuer(issuer, nowMs, calmForMs)])),
    apart,
    open: [],
    firing: new Set(),
    unwritten: new Set(),
    binMs: BIN_MS,
    bin: 0,
    looks: 0,
    services: 0,
    dropped: 0,
  };
}

export function seriesId(kind: SeriesKind, tier: Tier, issuer: string, name: string): string {
  return JSON.stringify([kind.name, tier, issuer, name]);
}

/** The series of a service; undefined beyond the bound. */
export function serviceSeries(
  detectors: Detectors,
  of: IssuerDetectors,
  service: string,
  nowMs: number,
): Series | undefined {
  const known = of.services.get(service);
  if (known !== undefined) return known;
  if (detectors.services >= SERVICE_SERIES_MAX) {
    detectors.dropped += 1;
    return undefined;
  }
  const above = detectors.apart.has(service) ? null : of.fleet;
  const series = dense(of.issuer, 'service', service, ATTRIBUTABLE, above, nowMs, of.calmForMs);
  of.services.set(service, series);
  detectors.services += 1;
  return series;
}

/** The series of a verifier, made when it has its first failure. */
export function verifierSeries(of: IssuerDetectors, verifierKey: string, service: string): Series {
  const known = of.verifiers.get(verifierKey);
  if (known !== undefined) return known;
  const series = createSeries(
    seriesId(ATTRIBUTABLE, 'verifier', of.issuer, verifierKey),
    ATTRIBUTABLE,
    {
      issuer: of.issuer,
      tier: 'verifier',
      name: verifierKey,
      baseline: null,
      above: of.services.get(service) ?? of.fleet,
    },
    of.calmForMs,
  );
  of.verifiers.set(verifierKey, series);
  return series;
}

function emptyIssuer(issuer: string, nowMs: number, calmForMs: number): IssuerDetectors {
  const fleet = dense(issuer, 'issuer', '', ATTRIBUTABLE, null, nowMs, calmForMs);
  const bucket = (name: WatchedBucket) =>
    dense(issuer, 'bucket', name, ATTRIBUTABLE, fleet, nowMs, calmForMs);
  return {
    issuer,
    calmForMs,
    fleet,
    foreign: dense(issuer, 'issuer', '', FOREIGN, null, nowMs, calmForMs),
    buckets: { next: bucket('next'), active: bucket('active'), retired: bucket('retired') },
    services: new Map(),
    verifiers: new Map(),
    comparisons: new Map(),
    compared: new Map(),
    kids: new Map(),
    strangers: new Map(),
    acceptedAtMs: 0,
  };
}

function dense(
  issuer: string,
  tier: Tier,
  name: string,
  kind: SeriesKind,
  above: Series | null,
  nowMs: number,
  calmForMs: number,
): Series {
  const baseline = emptyBaseline(kind, nowMs);
  const id = seriesId(kind, tier, issuer, name);
  return createSeries(id, kind, { issuer, tier, name, baseline, above }, calmForMs);
}
