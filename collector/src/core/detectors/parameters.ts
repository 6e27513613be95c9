/** One bin: what was reported in it counts as one look at a series. */
export const BIN_MS = 1_000;

/** One false alarm in this time is the budget of all detectors together. */
export const WANTED_APART_MS = 30 * 86_400_000;

/**
 * Families of series: issuer, kid bucket, service, verifier, wider comparisons. Each spends an equal part of
 * the budget, so that a hundred thousand verifiers do not make the whole fleet's detector slow.
 */
const FAMILIES = 5;

/** Both detectors look at single verifiers, and have halves of their part. */
export const VERIFIER_DETECTORS = 2;

/** Missing, the wait for evidence that an alarm is over, milliseconds. */
export const CALM_FOR_MS = 300_000;

/** Verifiers of a series that must have reported within a lease for its numbers to say anything. */
export const COVERAGE_MIN = 0.9;

/** A comparison looks for failures this many times as frequent in one arm as in the other. */
export const RATIO = 4;

/** What makes failures of one kind too many. */
export interface SeriesKind {
  readonly name: 'attributable' | 'foreign';
  /** Lowest rate that counts as usual. */
  readonly usualMin: number;
  /** Least rise over the usual rate that is looked for. */
  readonly rise: number;
  /** Fewer failures since the score left zero are no alarm. */
  readonly failuresMin: number;
}

/** Failures that keys cause, of keys that are the issuer's. */
export const ATTRIBUTABLE: SeriesKind = {
  name: 'attributable',
  usualMin: 1e-5,
  rise: 0.002,
  failuresMin: 3,
};

/** Refused tokens of kids nobody published, as a share of all. */
export const FOREIGN: SeriesKind = {
  name: 'foreign',
  usualMin: 1e-3,
  rise: 0.05,
  failuresMin: 60,
};

/** The rate to be found where `usual` is usual: p1 = max(4 p0, p0 + rise), and always a rate. */
export function rateToFind(kind: SeriesKind, usual: number): number {
  return Math.min(Math.max(4 * usual, usual + kind.rise), (1 + usual) / 2);
}

/**
 * h = ln(M · N · families): the mean time to a false alarm of a CUSUM of log-likelihood ratios is at
 * least e^h looks (Wald 1947, Lorden 1971), M looks are the wanted time, and N series are watched.
 */
export function threshold(seriesWatched: number, binMs: number): number {
  return Math.log((WANTED_APART_MS / binMs) * FAMILIES * Math.max(1, seriesWatched));
}
