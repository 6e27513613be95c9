import type { AlertRule } from './judgement.ts';
import { fleetSilent } from './rules/fleet-silent.ts';
import { hiddenDependent } from './rules/hidden-dependent.ts';
import { kidReused } from './rules/kid-reused.ts';
import { verifierNeverSeen } from './rules/verifier-never-seen.ts';
import { verifierSilent } from './rules/verifier-silent.ts';

/** Every rule, in no order that matters. */
export const ALERT_RULES: readonly AlertRule[] = [
  fleetSilent,
  hiddenDependent,
  kidReused,
  verifierNeverSeen,
  verifierSilent,
];
