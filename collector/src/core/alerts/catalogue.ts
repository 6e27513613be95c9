/** How much it matters: wake somebody, look at it in working hours, know of it. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What one kind of alert is, wherever it fires. */
export interface AlertKind {
  readonly severity: Severity;
  /** A judgement has to hold for this long before it fires, milliseconds. */
  readonly pendingMs: number;
  /** While it fires, the gates that lead on are shut for the rotation it names, or for its issuer. */
  readonly shutsGates: boolean;
  /** It says something of one key alone: naming a kid, it shuts the gates of rotations of that. */
  readonly ofOneKey?: true;
  /** While it fires, going back to the old key is advised for the rotation it names. */
  readonly advisesRollback: boolean;
  /** Kinds that are not told while this one fires for the same issuer (or everywhere, if it names none). */
  readonly inhibits: readonly AlertName[];
  /**
   * True for the one kind that says that all is well: its absence is the alarm, so what cannot be seen
   * ends it. Every other kind goes on firing on missing data.
   */
  readonly endsUnseen?: boolean;
  /** What it says, for people: a title without values. */
  readonly title: string;
}

/** Every alert Keyturn raises. Names are what on-call sees and searches for; they never change. */
export const ALERT_NAMES = [
  'VerificationFailures',
  'NewKeyFailing',
  'ForeignKidFlood',
  'StaleCache',
  'VerifierSilent',
  'VerifierNeverSeen',
  'FleetSilent',
  'OldKeyStillSigning',
  'RetiredKeyAccepted',
  'KidReused',
  'JwksRegressed',
  'JwksUnreachable',
  'JwksTooLarge',
  'NewKeyNotServed',
  'RotationStalled',
  'HiddenDependent',
  'DuplicateIdentity',
  'ClockSkew',
  'ReportsRejected',
  'IssuerHeadersContradictPlan',
  'BogusSignatureAccepted',
  'DeliveryFailing',
  'StoreFailing',
  'Watchdog',
] as const;
export type AlertName = (typeof ALERT_NAMES)[number];

const CALM = { pendingMs: 0, shutsGates: false, advisesRollback: false, inhibits: [] } as const;

export const ALERT_KINDS: Readonly<Record<AlertName, AlertKind>> = {
  VerificationFailures: {
    ...CALM,
    severity: 'critical',
    shutsGates: true,
    advisesRollback: true,
    inhibits: ['NewKeyFailing'],
    title: 'Tokens are refused for reasons a key rotation causes',
  },
  NewKeyFailing: {
    ...CALM,
    severity: 'critical',
    shutsGates: true,
    advisesRollback: true,
    title: 'Tokens of the new key fail more often than those of the old key do at the same time',
  },
  ForeignKidFlood: {
    ...CALM,
    severity: 'warning',
    title: 'Many tokens name keys that were never published',
  },
  StaleCache: {
    ...CALM,
    severity: 'warning',
    pendingMs: 60_000,
    title: 'Verifiers decide with keys older than their kind ever keeps',
  },
  VerifierSilent: {
    ...CALM,
    severity: 'warning',
    title: 'Verifiers that reported before are not heard of',
  },
  VerifierNeverSeen: {
    ...CALM,
    severity: 'warning',
    pendingMs: 300_000,
    title: 'A declared service shows fewer verifiers than it should have',
  },
  FleetSilent: {
    ...CALM,
    severity: 'critical',
    inhibits: ['VerifierSilent', 'VerifierNeverSeen', 'StaleCache'],
    title: "Most verifiers fell silent at once: look at the collector's own network first",
  },
  // `old_key_not_signing` says the same, with offenders and an end. And whoever stole a key must not be
  // able to keep it in the JWKS by signing with it.
  OldKeyStillSigning: {
    ...CALM,
    severity: 'warning',
    title: 'The old key signed tokens after the switch',
  },
  RetiredKeyAccepted: {
    ...CALM,
    severity: 'warning',
    title: 'Tokens of a key that left the JWKS are still accepted',
  },
  KidReused: {
    ...CALM,
    severity: 'critical',
    shutsGates: true,
    ofOneKey: true,
    title: 'One kid stands for two keys',
  },
  JwksRegressed: {
    ...CALM,
    severity: 'critical',
    shutsGates: true,
    title: 'An address of the JWKS serves an older set again',
  },
  JwksUnreachable: {
    ...CALM,
    severity: 'warning',
    pendingMs: 30_000,
    title: 'The JWKS cannot be read',
  },
  JwksTooLarge: {
    ...CALM,
    severity: 'warning',
    title: 'The JWKS is over a limit of verifiers that read it',
  },
  // `new_key_known` says the same, and names who it is.
  NewKeyNotServed: {
    ...CALM,
    severity: 'warning',
    title: 'Verifiers fetch fresh documents that lack the new key',
  },
  RotationStalled: {
    ...CALM,
    severity: 'warning',
    title: 'A rotation has not moved for longer than planned',
  },
  HiddenDependent: {
    ...CALM,
    severity: 'warning',
    title: 'Somebody nobody declared verifies tokens',
  },
  DuplicateIdentity: {
    ...CALM,
    severity: 'warning',
    title: 'Two live processes report under one name',
  },
  ClockSkew: {
    ...CALM,
    severity: 'warning',
    pendingMs: 60_000,
    title: 'Clocks are too far apart for time to prove anything',
  },
  ReportsRejected: {
    ...CALM,
    severity: 'warning',
    title: 'Reports or verifiers are turned away',
  },
  IssuerHeadersContradictPlan: {
    ...CALM,
    severity: 'warning',
    title: 'What the issuer lets caches keep contradicts the plan of the rotation',
  },
  BogusSignatureAccepted: {
    ...CALM,
    severity: 'critical',
    shutsGates: true,
    title: 'A verifier accepts signatures that nobody made',
  },
  DeliveryFailing: {
    ...CALM,
    severity: 'warning',
    pendingMs: 60_000,
    title: 'Alerts do not reach one of their receivers',
  },
  StoreFailing: {
    ...CALM,
    severity: 'critical',
    title: 'The collector cannot write what it learns',
  },
  Watchdog: {
    ...CALM,
    severity: 'info',
    endsUnseen: true,
    title: 'Always firing while a real write and read succeed: its absence is the alarm',
  },
};
