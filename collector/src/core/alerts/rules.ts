import type { AlertRule } from './judgement.ts';
import { deliveryFailing } from './rules/delivery-failing.ts';
import { fleetSilent } from './rules/fleet-silent.ts';
import { foreignKidFlood } from './rules/foreign-kid-flood.ts';
import { hiddenDependent } from './rules/hidden-dependent.ts';
import { kidReused } from './rules/kid-reused.ts';
import { newKeyFailing } from './rules/new-key-failing.ts';
import { verificationFailures } from './rules/verification-failures.ts';
import { verifierNeverSeen } from './rules/verifier-never-seen.ts';
import { verifierSilent } from './rules/verifier-silent.ts';
import { clockSkew } from './rules/clock-skew.ts';
import { issuerHeaders } from './rules/issuer-headers.ts';
import { jwksRegressed } from './rules/jwks-regressed.ts';
import { jwksTooLarge } from './rules/jwks-too-large.ts';
import { jwksUnreachable } from './rules/jwks-unreachable.ts';
import { bogusSignatureAccepted } from './rules/bogus-signature-accepted.ts';
import { newKeyNotServed } from './rules/new-key-not-served.ts';
import { oldKeyStillSigning } from './rules/old-key-still-signing.ts';
import { retiredKeyAccepted } from './rules/retired-key-accepted.ts';
import { rotationStalled } from './rules/rotation-stalled.ts';
import { duplicateIdentity } from './rules/duplicate-identity.ts';
import { reportsRejected } from './rules/reports-rejected.ts';
import { staleCache } from './rules/stale-cache.ts';
import { storeFailing } from './rules/store-failing.ts';
import { watchdog } from './rules/watchdog.ts';

/** Every rule, in no order that matters. */
export const ALERT_RULES: readonly AlertRule[] = [
  deliveryFailing,
  fleetSilent,
  foreignKidFlood,
  hiddenDependent,
  kidReused,
  newKeyFailing,
  verificationFailures,
  verifierNeverSeen,
  verifierSilent,
  clockSkew,
  issuerHeaders,
  jwksRegressed,
  jwksTooLarge,
  jwksUnreachable,
  bogusSignatureAccepted,
  newKeyNotServed,
  oldKeyStillSigning,
  retiredKeyAccepted,
  rotationStalled,
  duplicateIdentity,
  reportsRejected,
  staleCache,
  storeFailing,
  watchdog,
];
