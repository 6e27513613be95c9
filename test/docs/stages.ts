/** Names that `<!-- run: NAME -->` can say; stages.test.ts sets each of them up. */
export const STAGES = [
  /** Nothing but an issuer, its scripts and two verifiers: the block rotates the key. */
  'rotation',
  /** A rotation whose new key every verifier holds. */
  'ready',
  /** A rotation in which one verifier lags behind. */
  'lagging',
  /** A rotation that was completed; test/report sets it up. */
  'rotated',
  /** Nothing: the programs of the block start on their defaults and stay. */
  'defaults',
  /** A collector and settings for a sidecar that is not started. */
  'settings',
  /** A running sidecar behind a Unix socket and a port. */
  'sidecar',
] as const;

export type StageName = (typeof STAGES)[number];
