/** How the collector itself is, as far as its verdicts hang on it. */
export interface CollectorHealthView {
  /** Gates say unknown until then: it has not heard the fleet since it started. */
  readonly hold_down_until_at: string | null;
  readonly store_failing_since_at: string | null;
  readonly verifiers: number;
  /** Times verifiers were turned away. */
  readonly refused_verifiers: number;
}
