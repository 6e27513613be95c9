import type { RotationReferenceView } from './live-alerts.ts';
import type { IssuerView } from './fleet.ts';
import type { IssuerGlanceView } from './glance.ts';

export interface IssuersView {
  /** By name, those in trouble first. */
  readonly issuers: readonly IssuerGlanceView[];
  readonly more: number;
}

/** One issuer: its JWKS as seen at each vantage, and every key it ever had. */
export interface IssuerDetailView {
  readonly glance: IssuerGlanceView;
  /** Declared or longest seen, seconds; null: unknown. */
  readonly max_token_lifetime_s: number | null;
  readonly watch_interval_s: number | null;
  readonly skew_s: number | null;
  readonly vantages: readonly VantageDetailView[];
  /** Keys that not every vantage shows, of those that could be read the last time: the first 50. */
  readonly differences: readonly KeyDifferenceView[];
  readonly more_differences: number;
  /** Served ones first, then the latest known. */
  readonly keys: readonly (IssuerView['keys'][number] & {
    /** Another key has the same kid. */
    readonly reused: boolean;
    /** A vantage shows it now. */
    readonly served: boolean;
  })[];
  readonly more_keys: number;
  readonly reused_kids: readonly string[];
  /** Open ones of it: the first 20. */
  readonly rotations: readonly RotationReferenceView[];
}

export interface KeyInDocumentView {
  readonly kid: string;
  readonly thumbprint: string;
  readonly alg: string;
}

export interface VantageDetailView {
  readonly url: string;
  /** Null: not since the collector started. */
  readonly fetched_at: string | null;
  readonly readable_at: string | null;
  /** After that, what was read says nothing of now. */
  readonly counts_until_at: string | null;
  readonly consecutive_failures: number;
  readonly failing_since_at: string | null;
  readonly error: string | null;
  readonly message: string | null;
  /** What was read last, while it can be read; null: it cannot be, so nobody knows. */
  readonly document: {
    /** The first 50. */
    readonly keys: readonly KeyInDocumentView[];
    readonly more_keys: number;
    /** Without kid, or of a kind that has no thumbprint. */
    readonly untracked_keys: number;
    readonly bytes: number;
    readonly sha256: string;
    /** `Cache-Control: max-age`, seconds. */
    readonly max_age_s: number | null;
    /** stale-while-revalidate and stale-if-error, seconds. */
    readonly stale_s: number;
    /** `Age`, seconds. */
    readonly age_s: number | null;
    /** How far the collector's clock is ahead of its `Date`; null: it sent none. */
    readonly clock_behind_ms: number | null;
    /** Further apart, time proves nothing. */
    readonly clock_tolerance_ms: number;
  } | null;
}

export interface KeyDifferenceView extends KeyInDocumentView {
  readonly served_at: readonly string[];
  readonly missing_at: readonly string[];
}
