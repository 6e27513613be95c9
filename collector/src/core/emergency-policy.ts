/**
 * Checks that a policy may let an emergency skip, in gates `publish`, `activate` and `retire`. What
 * is not here holds for a tainted key too: that the new key is served, that verifiers are known to
 * hold it, that the signer was switched, and that the collector is in a state to answer.
 */
export const EMERGENCY_SKIPPABLE = [
  'attested',
  'everyone_counts',
  'fleet_heard',
  'no_alert',
  'old_key_held',
  'old_key_published',
  'population_covered',
  'rehearsed',
  'stable',
  'time_elapsed',
  'tokens_have_kid',
] as const;

export type EmergencySkippable = (typeof EMERGENCY_SKIPPABLE)[number];

/** What changes for a rotation whose old key is tainted. */
export interface EmergencyPolicy {
  /** In place of `publishSafetyMs`. */
  readonly publishSafetyMs: number;
  /** How long after the switch was seen tokens of the tainted key are still honoured. */
  readonly retireGraceMs: number;
  /** Checks that do not block then. */
  readonly skip: readonly string[];
}

/** What is asked of going back. */
export interface RollbackPolicy {
  /** How long after the switch the issuer keeps the old private key; 0: it does not. */
  readonly windowMs: number;
  /** True: `activate` waits for a rehearsal that passed. */
  readonly requireRehearsal: boolean;
  readonly rehearsalValidForMs: number;
}
