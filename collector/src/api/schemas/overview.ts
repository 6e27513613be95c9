import type { AlertGroupView, IssuerGlanceView, RotationGlanceView } from './glance.ts';

/** Everything at a glance, what needs a person first. */
export interface OverviewView {
  readonly collector: CollectorGlanceView;
  readonly alerts: {
    /** Firing ones in all, the watchdog left out. */
    readonly firing: number;
    readonly critical: number;
    readonly groups: readonly AlertGroupView[];
    /** Firing ones of groups that are not listed. */
    readonly more: number;
  };
  /** Those people started first, each kind oldest first. */
  readonly rotations: readonly RotationGlanceView[];
  readonly more_rotations: number;
  /** Those in trouble first. */
  readonly issuers: readonly IssuerGlanceView[];
  readonly more_issuers: number;
}

/** How the collector itself is. Counts are since it started. */
export interface CollectorGlanceView {
  readonly version: string;
  readonly started_at: string;
  /** Gates say unknown until then; null: it is over. */
  readonly hold_down_until_at: string | null;
  readonly store_failing_since_at: string | null;
  /** What was written cannot be read back; null: it can, or nothing was tried. */
  readonly proof_failing: { readonly since_at: string; readonly problem: string } | null;
  /** Fires while real writes and reads succeed. */
  readonly watchdog: 'fires' | 'is_missing';
  readonly verifiers_known: number;
  readonly verifiers_max: number;
  /** Hellos of verifiers turned away for want of room. */
  readonly refused_verifiers: number;
  readonly dropped_rotations: number;
  readonly dropped_alerts: number;
  readonly dropped_notices: number;
  readonly dropped_keys: number;
  /** Receivers of alerts that did not take what they were sent last. */
  readonly receivers_failing: readonly string[];
  readonly receivers: number;
}
