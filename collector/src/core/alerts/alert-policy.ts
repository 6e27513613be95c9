/** What the operator declared about alerts. */
export interface AlertPolicy {
  /** What an alert that shuts gates makes of their verdicts: `closed`, or `aborted`. */
  readonly onAlert: 'close' | 'abort';
  /** A rotation that has not moved for this long has stalled. */
  readonly stalledAfterMs: number;
  /** How long failures have to be rare again before an alert of them is over. */
  readonly calmForMs: number;
  /** Names of the receivers that are told once each, through the outbox. */
  readonly receivers: readonly string[];
  /** Names of the receivers that are told the whole state, again and again. */
  readonly alertmanagers: readonly string[];
}
